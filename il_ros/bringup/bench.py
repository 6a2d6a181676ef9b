"""The nodes of the recorder's benchmark: a recorder, and a process that publishes the load."""

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
