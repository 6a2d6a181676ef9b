"""A session as data: its arguments, its nodes, and what comes out when both are put together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Any

from il_ros.bringup.overrides import Value, read_overrides
from il_ros.registry import nearest


@dataclass(frozen=True)
class Argument:
    """One `name:=value` of a session; the type of default is its type."""

    name: str
    default: Value
    help: str
    choices: tuple[str, ...] = ()
    is_needed: bool = False  # no session without it: the default only says its type


@dataclass(frozen=True)
class Pick:
    """A parameter's value that depends on an argument: table[value of the argument]."""

    argument: str
    table: Mapping[Value, Value]


@dataclass(frozen=True)
class NodeSpec:
    """
    One node of a session: `$name` in its parameters stands for an argument.

    when: the node takes part where each argument named has that value; True and False ask only
    whether it is set.
    """

    node: str  # a module of il_ros.nodes, which is also the node's name
    parameters: Mapping[str, Value | Pick] = field(default_factory=dict)
    when: Mapping[str, Value] = field(default_factory=dict)
    ends_session: bool = False  # its end is the session's, and its exit code
    has_terminal: bool = False  # it reads the terminal that the session is started in


@dataclass(frozen=True)
class Conflict:
    """Arguments that do not go together, and what to say to who asks for them."""

    when: Mapping[str, Value]
    message: str


@dataclass(frozen=True)
class Session:
    """What a person starts with one command."""

    help: str
    arguments: tuple[Argument, ...]
    nodes: tuple[NodeSpec, ...]
    conflicts: tuple[Conflict, ...] = ()
    empty: Mapping[str, Pick] = field(default_factory=dict)  # what an empty argument stands for


@dataclass(frozen=True)
class Part:
    """One node to start, everything substituted."""

    node: str
    parameters: dict[str, Value]
    ends_session: bool = False
    namespace: str = ''  # '/left_robot', '' at the root
    has_terminal: bool = False


def parse(words: list[str]) -> dict[str, str]:
    """Read `name:=value` words; ValueError for anything else."""
    given = {}
    for word in words:
        name, sign, value = word.partition(':=')
        if not sign or not name:
            raise ValueError(f'{word!r}: expected name:=value, for example episodes:=10')
        given[name] = value
    return given


def values_of(session: Session, given: Mapping[str, str]) -> dict[str, Value]:
    """
    Return the value of each argument; given holds text, as typed.

    Raises ValueError for an unknown or missing argument, a wrong value, or a conflict.
    """
    known = {argument.name: argument for argument in session.arguments}
    for name in given:
        if name not in known:
            raise ValueError(
                f'unknown argument {name!r}{nearest(name, known)}; known: {", ".join(known)}'
            )
    values = {name: _value(argument, given.get(name)) for name, argument in known.items()}
    for name, pick in session.empty.items():
        values[name] = values[name] or pick.table[values[pick.argument]]
    for conflict in session.conflicts:
        if _holds(conflict.when, values):
            raise ValueError(conflict.message)
    return values


def parts_of(session: Session, given: Mapping[str, str]) -> list[Part]:
    """Return the nodes to start; `$nodes` in a parameter lists them, separated by commas."""
    values: dict[str, Any] = values_of(session, given)
    taking_part = [spec for spec in session.nodes if _holds(spec.when, values)]
    nodes = [spec.node for spec in taking_part]
    values['nodes'] = ','.join(nodes)
    changed = read_overrides(values['params'], nodes)
    return [
        Part(
            spec.node,
            {key: _substituted(value, values) for key, value in spec.parameters.items()}
            | changed[spec.node],
            spec.ends_session,
            namespace_of(values['namespace']),
            spec.has_terminal,
        )
        for spec in taking_part
    ]


def namespace_of(text: str) -> str:
    """Return a namespace as ROS writes it, with one leading slash; '' for none."""
    return f'/{text.strip("/")}' if text.strip('/') else ''


def _holds(when: Mapping[str, Value], values: Mapping[str, Value]) -> bool:
    """Whether each argument has the value asked for."""
    return all(
        bool(values[name]) is wanted if isinstance(wanted, bool) else values[name] == wanted
        for name, wanted in when.items()
    )


def _substituted(value: Value | Pick, values: Mapping[str, Value]) -> Value:
    """Return a parameter's value: `$name` alone keeps the argument's type."""
    if isinstance(value, Pick):
        value = value.table[values[value.argument]]
    if not isinstance(value, str):
        return value
    if value[:1] == '$' and value[1:] in values:
        return values[value[1:]]
    return Template(value).substitute(values)


def _value(argument: Argument, text: str | None) -> Value:
    """Return what was typed as the argument's type; ValueError says what was expected."""
    if text is None:
        if argument.is_needed:
            raise ValueError(f'{argument.name}:=... is missing: {argument.help}')
        return argument.default
    if argument.choices and text not in argument.choices:
        raise ValueError(f'{argument.name}:={text}: expected {" or ".join(argument.choices)}')
    try:
        return _READ[type(argument.default)](text)
    except (ValueError, KeyError):
        kind = type(argument.default).__name__
        raise ValueError(f'{argument.name}:={text}: expected {kind}, {argument.help}') from None


def text_of(value: Value) -> str:
    """Return a value as it is typed after `name:=`."""
    return str(value).lower() if isinstance(value, bool) else str(value)


_TRUTH = {'true': True, 'false': False}
_READ: dict[type, Any] = {
    bool: lambda text: _TRUTH[text.lower()],
    int: int,
    float: float,
    str: str,
}
