"""What is in a bag, or a folder of bags: counts, rates, losses, who acted, labels, grade."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from il_ros import wire
from il_ros.recorder.closing import closing
from il_ros.recorder.health import Track
from il_ros.recorder.names import ros_name
from il_ros.recorder.read import find_bags, is_bag, read_bag, read_meta
from il_ros.recorder.repair import repair, repair_all

LABELS = ('task', 'demonstrator', 'operator', 'robot', 'seed', 'episode')
Tally = dict[str, dict[str, int]]  # arm: who: steps


def inspect_bag(folder: str | Path) -> dict[str, Any]:
    """
    Return a bag's figures, repairing it first if its recording was killed.

    Keys: path, messages, duration_s, topics {name: {type, count, hz, lost}} by their names in ROS,
    outcome, termination_reason, grade, reasons, repaired, discarded, authority {arm: {who:
    steps}}, and task, demonstrator, operator, robot, seed, episode, None if the bag does not say.
    Raises NotABag, or BagUnfinished for one that is being recorded.
    """
    folder = Path(folder)
    if is_bag(folder):
        repair(folder)
    meta = read_meta(folder)
    tracks, types, authority = _walk(folder)
    figures = _figures(meta, tracks)
    topics = {
        ros_name(name, meta.get('namespace', '/')): {
            'type': types[name],
            'count': tracks[name].count,
            'hz': round(health['hz'], 3),
            'lost': health['lost'],
        }
        for name, health in figures['topics'].items()
        if name in types
    }
    return {
        'path': str(folder),
        'messages': sum(track.count for track in tracks.values()),
        'duration_s': figures['duration_s'],
        'topics': topics,
        'grade': figures['grade'],
        'reasons': figures['reasons'],
        'authority': authority,
        **_labels(meta),
    }


def _labels(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said of an episode."""
    return {
        'outcome': meta.get('outcome', 'unlabeled'),
        'termination_reason': meta.get('termination_reason'),
        'repaired': meta.get('repaired', False),
        'discarded': meta.get('discarded', False),
        **{key: meta.get(key) for key in LABELS},
    }


def inspect_folder(root: str | Path) -> dict[str, Any]:
    """
    Return the sums over a folder of bags, and a row for each, discarded ones included.

    Keys: episodes, messages, duration_s, outcomes, grades, authority, repaired, discarded, rows.
    The sums leave discarded bags out. Raises NotABag when there is no bag.
    """
    repair_all(root)
    rows = [inspect_bag(folder) for folder in find_bags(root, discarded=True)]
    kept = [row for row in rows if not row['discarded']]
    authority: dict[str, Counter] = {}
    for row in kept:
        for arm, steps in row['authority'].items():
            authority.setdefault(arm, Counter()).update(steps)
    return {
        'path': str(root),
        'episodes': len(kept),
        'messages': sum(row['messages'] for row in kept),
        'duration_s': sum(row['duration_s'] for row in kept),
        'outcomes': dict(Counter(row['outcome'] for row in kept)),
        'grades': dict(Counter(row['grade'] for row in kept)),
        'authority': {arm: dict(steps) for arm, steps in authority.items()},
        'repaired': sum(row['repaired'] for row in rows),
        'discarded': len(rows) - len(kept),
        'rows': rows,
    }


def _walk(folder: Path) -> tuple[dict[str, Track], dict[str, str], Tally]:
    """Return when each topic's messages came, its type, and who commanded each arm how often."""
    tracks: dict[str, Track] = {}
    types: dict[str, str] = {}
    authority: dict[str, Counter] = {}
    for name, kind, log_ns, data in read_bag(folder):
        types[name] = kind
        tracks.setdefault(name, Track()).add(_stamp_ns(kind, data), log_ns)
        if name == wire.AUTHORITY.name:
            for arm, who, _ in wire.read_diagnostics(data)[1]:
                authority.setdefault(arm, Counter())[who] += 1
    return tracks, types, {arm: dict(steps) for arm, steps in authority.items()}


def _stamp_ns(kind: str, data: bytes) -> int | None:
    """Return a message's header stamp; None also for a type that this package does not know."""
    return wire.stamp_ns_of(kind, data) if kind in wire.STORE.fielddefs else None


def _figures(meta: Mapping[str, Any], tracks: Mapping[str, Track]) -> dict[str, Any]:
    """Return what the recorder said of the episode when it ended, or else what its bag shows."""
    if 'grade' in meta:
        return dict(meta)
    end_ns = max((track.last_ns for track in tracks.values()), default=0)
    return closing(meta, tracks, end_ns)
