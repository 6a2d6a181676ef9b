"""config/arbiter.yaml: which sources there are, how long their word lasts, whose goes first."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml

from il_ros.config import from_mapping, load_yaml
from il_ros.registry import nearest
from il_ros.share import share
from il_ros.spec import Proposal

POLICY = 'policy'  # the entry of action chunks; all others are persons
GUIDING = 'guiding'  # the entry of a hand at the robot itself
ESTOP_PRIORITY = 255  # a lock of this priority stops everything, and is latched


@dataclass(frozen=True)
class Source:
    """Someone who proposes."""

    name: str
    topic: str
    timeout: float  # [s] time to live of what it proposed
    priority: int  # 0..255, the highest goes first


@dataclass(frozen=True)
class Lock:
    """A std_msgs/Bool that stops every source of its priority and below while it is true."""

    name: str
    topic: str
    timeout: float  # [s] silent for longer counts as locked; 0: it need not repeat itself
    priority: int  # 0..255; 255 is an e-stop, which is latched

    @property
    def is_estop(self) -> bool:
        """Whether it stops everything, until it is cleared by hand."""
        return self.priority == ESTOP_PRIORITY


E = TypeVar('E', Source, Lock)


@dataclass(frozen=True)
class ArbiterConfig:
    """Sources and locks; shaped like the configuration of twist_mux."""

    topics: tuple[Source, ...]
    locks: tuple[Lock, ...]

    @cached_property
    def policy(self) -> Source | None:
        """The policy's entry; without one only persons move the robot."""
        return next((source for source in self.topics if source.name == POLICY), None)

    @cached_property
    def persons(self) -> tuple[Source, ...]:
        """The entries of persons, the highest priority first."""
        persons = [source for source in self.topics if source.name != POLICY]
        return tuple(sorted(persons, key=lambda source: -source.priority))

    def source(self, name: str) -> Source:
        """Return the source called name; ValueError names the nearest there is."""
        return _named(self.topics, 'source', name)

    def lock(self, name: str) -> Lock:
        """Return the lock called name; ValueError names the nearest there is."""
        return _named(self.locks, 'lock', name)


def is_fresh(proposal: Proposal, now_ns: int, time_to_live_s: float) -> bool:
    """Whether a proposal may still be executed at now_ns; one from the future is not."""
    return 0 <= now_ns - proposal.stamp_ns <= round(time_to_live_s * 1e9)


def load_sources(path: str | Path | None = None) -> ArbiterConfig:
    """Read the arbiter's configuration (the shipped one); ValueError says what is wrong."""
    path = Path(path) if path else share('config', 'arbiter.yaml')
    given = load_yaml(path)
    _refuse_repeats(path)
    _refuse_unknown(given, ('topics', 'locks'), str(path))
    config = ArbiterConfig(
        _entries(Source, given.get('topics'), f'{path}: topics'),
        _entries(Lock, given.get('locks', {}), f'{path}: locks'),
    )
    _check(config, str(path))
    return config


def _named(entries: tuple[E, ...], kind: str, name: str) -> E:
    """Return the entry called name; ValueError names the nearest there is."""
    known = {entry.name: entry for entry in entries}
    if name not in known:
        raise ValueError(
            f'config/arbiter.yaml has no {kind} {name!r}{nearest(name, known)}; '
            f'known: {", ".join(known)}'
        )
    return known[name]


def _entries(kind: type[E], given: Any, where: str) -> tuple[E, ...]:
    """Build every named entry of one section."""
    if not isinstance(given, dict):
        raise ValueError(f'{where}: expected "name:" entries with topic, timeout and priority')
    return tuple(
        _entry(kind, str(name), entry, f'{where}: {name}') for name, entry in given.items()
    )


def _entry(kind: type[E], name: str, given: Any, where: str) -> E:
    """Build one entry, every key of which must be there and in its range."""
    if not isinstance(given, dict):
        raise ValueError(f'{where}: expected topic, timeout and priority, got {given!r}')
    keys = [f.name for f in fields(kind) if f.name != 'name']
    _refuse_unknown(given, keys, where)
    missing = [key for key in keys if key not in given]
    if missing:
        raise ValueError(f'{where}: missing {", ".join(missing)}')
    entry = from_mapping(kind, {'name': name, **given}, where)
    if not 0 <= entry.priority <= 255:
        raise ValueError(f'{where}: priority {entry.priority} is outside 0 to 255')
    least = 0.0 if kind is Lock else 1e-3
    if not least <= entry.timeout < float('inf'):
        raise ValueError(f'{where}: timeout {entry.timeout} s; expected at least {least} s')
    return entry


def _refuse_unknown(given: Mapping[str, Any], known: Any, where: str) -> None:
    for key in given:
        if key not in known:
            raise ValueError(
                f'{where}: unknown key {key!r}{nearest(str(key), known)}; '
                f'known: {", ".join(known)}'
            )


def _refuse_repeats(path: Path) -> None:
    """Raise ValueError for a key that is there twice, of which YAML would keep the last."""
    nodes = [yaml.compose(path.read_text())]
    for node in nodes:
        if not isinstance(node, yaml.MappingNode):
            continue
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            line = node.start_mark.line + 1
            raise ValueError(f'{path}: {", ".join(twice)} given twice in the block at line {line}')
        nodes.extend(value for _, value in node.value)


def _check(config: ArbiterConfig, where: str) -> None:
    """Raise ValueError for a topic or priority used twice, or a policy above a person."""
    heard = [source.topic for source in config.topics] + [lock.topic for lock in config.locks]
    for topic in heard:
        if heard.count(topic) > 1:
            raise ValueError(f'{where}: topic {topic!r} is listed twice')
    ranks: dict[int, str] = {}
    for source in config.topics:
        rank = source.priority
        if rank in ranks:
            raise ValueError(f'{where}: {source.name} and {ranks[rank]} both have priority {rank}')
        ranks[rank] = source.name
    if config.policy and ranks[min(ranks)] != POLICY:
        raise ValueError(f'{where}: {POLICY} must have the lowest priority, below every person')
