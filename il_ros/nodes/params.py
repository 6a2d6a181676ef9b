"""Parameters as a table with unit, range and purpose; what `ros2 param describe` answers."""

from dataclasses import dataclass
from math import inf
from types import SimpleNamespace
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.node import Node

from il_ros.registry import nearest

INT64 = 2**63 - 1
ROS_OWN = ('use_sim_time', 'start_type_description_service')


@dataclass(frozen=True)
class Param:
    """One parameter of a node; the type of default is its type."""

    name: str
    default: bool | int | float | str
    help: str  # purpose and unit: 'chunks published per second [Hz]'
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    fixed: bool = False  # read only once the node runs


def declare(node: Node, params: tuple[Param, ...]) -> SimpleNamespace:
    """
    Declare each Param on node; return their values as attributes.

    Raises ValueError for an unknown parameter (naming the nearest), a wrong type or a value out
    of range: the node is not to start with half of what was asked of it.
    """
    given = {name: value.value for name, value in node._parameter_overrides.items()}
    _refuse_unknown(node, params, given)
    values = {p.name: _checked(node, p, given.get(p.name, p.default)) for p in params}
    for p in params:
        node.declare_parameter(p.name, values[p.name], _descriptor(p), ignore_override=True)
    return SimpleNamespace(**values)


def names(text: str) -> tuple[str, ...]:
    """Return the items of a comma-separated parameter; none for an empty one."""
    return tuple(item.strip() for item in text.split(',') if item.strip())


def _refuse_unknown(node: Node, params: tuple[Param, ...], given: dict[str, Any]) -> None:
    """Raise ValueError for an override that no Param, and nothing of ROS itself, reads."""
    known = [p.name for p in params]
    for name in given:
        if name not in known and name not in ROS_OWN and not name.startswith('qos_overrides.'):
            raise ValueError(
                f'{node.get_name()}: unknown parameter {name!r}{nearest(name, known)}; '
                f'known: {", ".join(sorted(known))}'
            )


def _checked(node: Node, p: Param, value: Any) -> Any:
    """Return value with the type of p, inside its range; ValueError names node, unit and range."""
    kind = type(p.default)
    if kind is float and type(value) is int:  # YAML writes 20 where 20.0 is meant
        value = float(value)
    where = f'{node.get_name()}: parameter {p.name!r} ({p.help})'
    if type(value) is not kind:
        raise ValueError(f'{where}: expected {kind.__name__}, got {value!r}')
    if p.choices and value not in p.choices:
        raise ValueError(f'{where}: {value!r} is none of {", ".join(p.choices)}')
    if not _is_inside(p, value):
        raise ValueError(f'{where}: {value!r} is outside {p.low} .. {p.high}')
    return value


def _is_inside(p: Param, value: Any) -> bool:
    """Whether value is in the range of p; without one, anything is."""
    low = -inf if p.low is None else p.low
    high = inf if p.high is None else p.high
    return isinstance(value, str) or low <= value <= high


def _descriptor(p: Param) -> ParameterDescriptor:
    """Return what ROS 2 tools are told of p; ROS itself refuses later values out of its range."""
    descriptor = ParameterDescriptor(description=p.help, read_only=p.fixed)
    if p.choices:
        descriptor.additional_constraints = f'one of: {", ".join(p.choices)}'
    if p.low is None and p.high is None:
        return descriptor
    if isinstance(p.default, float):
        low, high = -inf if p.low is None else p.low, inf if p.high is None else p.high
        descriptor.floating_point_range = [
            FloatingPointRange(from_value=float(low), to_value=float(high), step=0.0)
        ]
    else:
        low, high = -INT64 if p.low is None else p.low, INT64 if p.high is None else p.high
        descriptor.integer_range = [IntegerRange(from_value=int(low), to_value=int(high), step=1)]
    return descriptor
