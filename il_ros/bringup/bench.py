"""The nodes of the benchmarks over a graph: what is measured, and a process that loads it."""

from collections.abc import Sequence

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


def hands_bench(root_dir: str, checkpoint: str, takeovers: int) -> list[Part]:
    """Return the nodes that take over from a policy so many times, in real time."""
    return [
        Part('sim_node', {}),
        Part('intervention_node', {}),
        Part('policy_node', {'device': 'cpu'}),
        Part(
            'hands_load_node',
            {'checkpoint': checkpoint, 'takeovers': takeovers, 'root_dir': root_dir},
            ends_session=True,
        ),
    ]
