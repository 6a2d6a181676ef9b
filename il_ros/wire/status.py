"""What is told in words and numbers: outcome, authority, episode, diagnostics <-> bytes."""

from collections.abc import Iterable
from typing import Any

from il_ros.spec import ActionChunk, Authority, Decision, Outcome, Reading, RobotSpec, Who
from il_ros.wire.cdr import TYPES, from_bytes, header, ns_of, to_bytes
from il_ros.wire.topics import DIAGNOSTICS, EPISODE

_Status = TYPES['diagnostic_msgs/msg/DiagnosticStatus']
_KeyValue = TYPES['diagnostic_msgs/msg/KeyValue']
OK, WARN, ERROR, STALE = 0, 1, 2, 3


def status_msg(name: str, message: str, values: dict[str, Any], level: int = OK) -> Any:
    """Return a diagnostic_msgs/DiagnosticStatus with values as text."""
    pairs = [_KeyValue(key=k, value=str(v)) for k, v in values.items()]
    return _Status(level=level, name=name, message=message, hardware_id='', values=pairs)


def diagnostics_msg(stamp_ns: int, statuses: Iterable[Any]) -> bytes:
    """Encode statuses as diagnostic_msgs/DiagnosticArray."""
    kind = TYPES[DIAGNOSTICS.type]
    return to_bytes(DIAGNOSTICS, kind(header=header(stamp_ns), status=list(statuses)))


def read_diagnostics(data: bytes) -> tuple[int, list[tuple[str, str, dict[str, str]]]]:
    """Decode a DiagnosticArray: stamp [ns] and (name, message, values) of each status."""
    message = from_bytes(DIAGNOSTICS, data)
    rows = [(s.name, s.message, {v.key: v.value for v in s.values}) for s in message.status]
    return ns_of(message.header.stamp), rows


def outcome_msg(outcome: Outcome) -> bytes:
    """Encode how the task stands as task/outcome."""
    moment = '' if outcome.moment_s is None else repr(outcome.moment_s)
    values = {
        'reason': outcome.reason,
        'elapsed_s': repr(outcome.elapsed_s),
        'moment_s': moment,
        'cost': repr(outcome.cost),
    }
    return diagnostics_msg(outcome.stamp_ns, [status_msg('task', outcome.state, values)])


def read_outcome(data: bytes) -> Outcome:
    """Decode task/outcome."""
    stamp_ns, [(_, state, values)] = read_diagnostics(data)
    moment = values.get('moment_s', '')  # a bag may be from before it was told
    return Outcome(
        stamp_ns,
        state,
        values['reason'],
        float(values['elapsed_s']),
        float(moment) if moment else None,
        float(values.get('cost', 0.0)),
    )


def authority_msg(spec: RobotSpec, decision: Decision) -> bytes:
    """Encode who commands each arm, left then right, as the authority topic."""
    statuses = [
        status_msg(
            arm.name,
            a.who.value,
            {
                'why': a.why,
                'since_ns': a.since_ns,
                'operator': a.operator,
                'policy_version': a.policy_version,
                'gate_score': repr(a.gate_score),
                'awaits_ns': a.awaits_ns,
            },
        )
        for arm, a in zip(spec.arms, decision.authority, strict=True)
    ]
    return diagnostics_msg(decision.stamp_ns, statuses)


def read_authority(data: bytes) -> tuple[int, tuple[Authority, ...]]:
    """Decode the authority topic: stamp [ns] and one Authority per arm."""
    stamp_ns, rows = read_diagnostics(data)
    arms = tuple(
        Authority(
            Who(who),
            v['why'],
            int(v['since_ns']),
            v['operator'],
            v['policy_version'],
            float(v['gate_score']),
            int(v.get('awaits_ns', -1)),  # a bag may be from before it was told
        )
        for _, who, v in rows
    )
    return stamp_ns, arms


def scores_msg(chunk: ActionChunk, told: dict[str, Any]) -> bytes:
    """Encode what there is to know about a plan, and its scores, a status each."""
    statuses = [status_msg('policy', 'ok', {'version': chunk.version, **told})]
    for name, reading in chunk.scores.items():
        numbers = {key: repr(value) for key, value in vars(reading).items()}
        statuses.append(status_msg(name, 'score', numbers))
    return diagnostics_msg(chunk.stamp_ns, statuses)


def read_scores(data: bytes) -> tuple[int, dict[str, Reading]]:
    """Decode the scores of a plan: the stamp [ns] that it has, and each score by its name."""
    stamp_ns, rows = read_diagnostics(data)
    readings = {
        name: Reading(*(float(values[key]) for key in ('value', 'high', 'low')))
        for name, message, values in rows
        if message == 'score'
    }
    return stamp_ns, readings


def episode_msg(phase: str, values: dict[str, Any]) -> bytes:
    """Encode the session's phase, number, outcome and counts as the episode topic."""
    return to_bytes(EPISODE, status_msg('session', phase, values))


def read_episode(data: bytes) -> tuple[str, dict[str, str]]:
    """Decode the episode topic: phase and values."""
    message = from_bytes(EPISODE, data)
    return message.message, {v.key: v.value for v in message.values}
