# make setup | test | demo | clean      ROS=jazzy (default) or kilted: which wheels, in which .venv
# Where a ROS 2 installation is sourced it is used, and no ROS wheel is installed.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := setup

ROS ?= jazzy
ifdef ROS_DISTRO
  ROS := machine
  VENV_OPTIONS := --system-site-packages
  FROM := $(ROS_DISTRO) of this machine
  # the wheel of Pinocchio needs numpy 2, which this ROS is not built for; it has its own
  INSTALL = $(PIP) $$(grep -vx pin requirements.txt) -r requirements-test.txt && \
	$(BIN)/python -c "import rclpy, pinocchio" || { \
	  echo "error: missing; rosdep install --from-paths . -y, or sudo apt install" \
	    "ros-$(ROS_DISTRO)-ros-base ros-$(ROS_DISTRO)-pinocchio" >&2; exit 1; }; \
	$(PIP) --no-build-isolation --no-deps -e .
else
  FROM := $(ROS) from wheels
  INSTALL = $(PIP) --no-build-isolation -e '.[ros,test]'
endif
VENV := .venv$(if $(filter jazzy machine,$(ROS)),,-$(ROS))
CONSTRAINTS := constraints/$(ROS).txt
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c $(CONSTRAINTS)
FITS := import sys; sys.exit(not (3, 10) < sys.version_info[:2] < (3, 13))
NUMPY := import pybullet, sys; pybullet.isNumpyEnabled() or sys.exit( \
	'PyBullet was built without numpy, images would take 100 times as long: make clean, then make setup')

.PHONY: setup test demo clean
setup: $(VENV)/.ready-$(ROS)

$(VENV)/.ready-$(ROS): $(wildcard requirements*.txt) setup.py $(wildcard constraints/*.txt)
	@echo "Setting up $(VENV): ROS 2 $(FROM)"
	@for python in python3 python3.12 python3.11 none; do \
	  if $$python -c '$(FITS)' 2>/dev/null; then break; fi; done; \
	if [ $$python = none ]; then \
	  echo "error: Python 3.11 or 3.12 is needed; found $$(python3 --version 2>&1)" >&2; exit 1; fi; \
	$$python -m venv $(VENV_OPTIONS) $(VENV)
	@echo "Installing PyBullet (where it has no wheel it is built: 3 minutes, and needs a C++ compiler)"
	@$(PIP) numpy setuptools wheel
	@$(PIP) --no-build-isolation pybullet || { \
	  echo "error: PyBullet could not be installed; on Python 3.12 install a C++ compiler (g++)" >&2; \
	  exit 1; }
	@$(BIN)/python -c "$(NUMPY)"
	@echo "Installing il-ros and what it needs, with the versions of $(CONSTRAINTS)"
	@$(INSTALL)
	@touch $@

test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -m 'not alone' --numprocesses 2 --dist loadfile
	$(BIN)/python -m pytest -m alone

demo: setup
	$(BIN)/il-ros demo

clean:
	rm -rf .venv .venv-kilted build install log *.egg-info
