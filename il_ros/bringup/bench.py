"""The nodes of the benchmarks over a graph: what is measured, and a process that loads it."""

from collections.abc import Sequence

from il_ros.bringup.overrides import Value
from il_ros.bringup.session import Part


def recorder_bench(
    root_dir: str, seconds: float, cameras: Sequence[str], reliable: bool = False
) -> list[Part]:
    """
    Return the nodes that record so many seconds of the load into a bag below root_dir.

    reliable: whether the cameras offer reliable delivery.
    """
    names = ','.join(cameras)
    return [
        Part('recorder_node', {'root_dir': root_dir, 'cameras': names, 'transport': 'raw'}),
        Part(
            'load_node',
            {'root_dir': root_dir, 'seconds': seconds, 'reliable': reliable},
            ends_session=True,
        ),
    ]


def hands_timing(root_dir: str, checkpoint: str, presses: int) -> list[Part]:
    """Return the nodes that take over from a policy so many times, in real time."""
    load: dict[str, Value] = {'checkpoint': checkpoint, 'presses': presses, 'root_dir': root_dir}
    return [*_acting({}, {}), Part('hands_load_node', load, ends_session=True)]


def hands_limits(root_dir: str, checkpoint: str, takeovers: int) -> list[Part]:
    """Return the nodes that do it in lockstep, as fast as the machine allows."""
    lockstep: dict[str, Value] = {'lockstep': True}
    load: dict[str, Value] = {'checkpoint': checkpoint, 'root_dir': root_dir}
    load['takeovers'] = takeovers
    parts = _acting(lockstep, {**lockstep, 'participants': 'policy,leader,joy'})
    return [*parts, Part('hands_limits_node', load, ends_session=True)]


def hands_training(root_dir: str, checkpoint: str, data: str, seconds: float) -> list[Part]:
    """Return the nodes that act in real time while one of them has a training go on behind."""
    load: dict[str, Value] = {'checkpoint': checkpoint, 'root_dir': root_dir}
    load |= {'data': data, 'seconds': seconds}
    return [*_acting({}, {}), Part('training_load_node', load, ends_session=True)]


def _acting(given: dict[str, Value], intervention: dict[str, Value]) -> list[Part]:
    """Return a policy and what it moves: arms over an empty table."""
    return [
        Part('sim_node', {'task': 'nothing', **given}),
        Part('intervention_node', intervention),
        Part('policy_node', {'device': 'cpu', **given}),
    ]
