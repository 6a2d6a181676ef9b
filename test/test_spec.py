"""The nouns, the registry and the configuration files: what every folder leans on."""

from dataclasses import dataclass

import numpy as np
import pytest

from il_ros.config import from_mapping, load_config
from il_ros.registry import lookup, make
from il_ros.robot.load import load_robot
from il_ros.share import share
from il_ros.spec import of_arm


@dataclass(frozen=True)
class Settings:
    """A configuration for the tests."""

    rate: float = 1.0
    name: str = 'a'
    steps: int = 3
    parts: tuple[str, ...] = ()


def test_grippers_go_to_joint_units_and_back_without_drift():
    spec = load_robot('sim')
    inside = np.random.default_rng(0).uniform(0, 1, (1000, spec.size))
    once = spec.from_wire(spec.to_wire(inside))
    assert np.allclose(once, inside, atol=1e-12)
    assert np.array_equal(spec.from_wire(spec.to_wire(once)), once)  # what P2 leans on


def test_a_vector_is_cut_by_arm():
    spec = load_robot('sim')
    vector = np.arange(spec.size)
    left, right = (of_arm(spec.arm(name), vector) for name in ('left', 'right'))
    assert np.array_equal(np.concatenate([left, right]), vector)
    with pytest.raises(ValueError, match='middle'):
        spec.arm('middle')


def test_a_registry_lists_what_it_knows():
    table = {'fraction': 'fractions:Fraction'}
    assert make(table, 'fraction', 1, 2) == lookup(table, 'fraction')(1, 2)
    with pytest.raises(ValueError, match="did you mean 'fraction'"):
        make(table, 'fracton')


def test_an_unknown_key_names_the_file_and_the_nearest(tmp_path):
    path = tmp_path / 'typo.yaml'
    path.write_text('stpes: 4\n')
    with pytest.raises(ValueError, match=r"typo\.yaml.*'stpes'.*did you mean 'steps'"):
        load_config(Settings, path)


def test_yaml_numbers_mean_what_people_write(tmp_path):
    path = tmp_path / 'numbers.yaml'
    path.write_text('rate: 1e-5\nparts: [x, y]\n')  # PyYAML reads 1e-5 as text
    settings = load_config(Settings, path)
    assert settings.rate == 1e-5 and settings.parts == ('x', 'y')


@pytest.mark.parametrize('given', [{'steps': 'many'}, {'steps': 1.5}, {'rate': 'fast'}])
def test_a_value_of_the_wrong_type_is_refused(given):
    with pytest.raises(ValueError, match=f'here: {next(iter(given))}'):
        from_mapping(Settings, given, 'here')


@pytest.mark.parametrize('text', ['- a\n', 'a: [\n'])
def test_what_is_no_mapping_is_refused_by_name(tmp_path, text):
    path = tmp_path / 'odd.yaml'
    path.write_text(text)
    with pytest.raises(ValueError, match=r'odd\.yaml'):
        load_config(Settings, path)


def test_shipped_files_are_found():
    assert share('config', 'robots', 'sim.yaml').is_file()
