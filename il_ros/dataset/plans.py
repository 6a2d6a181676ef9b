"""Which plans a policy made in a recorded episode, and at which of its rows."""

import numpy as np

from il_ros import wire
from il_ros.dataset.episode import Episode
from il_ros.recorder.read import read_bag
from il_ros.spec import ActionChunk, RobotSpec


def plans_of(episode: Episode, spec: RobotSpec) -> tuple[np.ndarray, list[ActionChunk]]:
    """
    Return the rows (p,) of an episode that were planned from, and the chunk of each.

    Plans from an observation that is no row of the episode are left out.
    """
    rows, chunks = [], []
    for _, _, _, data in read_bag(episode.path, {wire.CHUNK.name}):
        chunk = wire.read_trajectory(spec, data, wire.CHUNK.name)
        row = int(np.searchsorted(episode.stamp_ns, chunk.stamp_ns))
        is_row = row < len(episode) and episode.stamp_ns[row] == chunk.stamp_ns
        if len(chunk.targets) and is_row:
            rows.append(row)
            chunks.append(chunk)
    return np.array(rows, dtype=np.intp), chunks
