"""Episodes that did not come over the wire into bags, through the recorder as ever."""

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from il_ros import wire
from il_ros.calibration import KEY, card
from il_ros.dataset.episode import WHO, Episode
from il_ros.dataset.readings import command_topics
from il_ros.recorder.config import load_recorder_config
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.recorder.read import NotABag, find_bags
from il_ros.spec import Authority, Decision, JointSample, Proposal, RobotSpec, Told

Frame = tuple[int, wire.Topic, bytes]  # stamp [ns], and what is to be recorded then


class EpisodeBags:
    """Bags of one robot's episodes under root, which must be empty or new: ValueError else."""

    def __init__(self, root: str | Path, spec: RobotSpec):
        self._spec = spec
        _check_empty(Path(root))
        self._recorder = EpisodeRecorder(root, load_recorder_config())
        self._recorder.add(wire.ROBOT_DESCRIPTION, wire.string_msg(spec.urdf), 0)

    def write(self, episode: Episode, why: str, frames: Iterable[Frame] = ()) -> Path:
        """
        Record an episode and frames, which come in the order of time; return the bag.

        why: how the episode came about, for `authority`. What is received is logged at its stamp.
        """
        first_ns, last_ns = int(episode.stamp_ns[0]), int(episode.stamp_ns[-1])
        about = {'robot': self._spec.name, KEY: card(self._spec)}
        self._recorder.start({**episode.meta, **about}, first_ns)
        rows = self._rows(episode, why)
        for stamp_ns, topic, data in heapq.merge(frames, rows, key=lambda row: row[0]):
            self._recorder.add(topic, data, stamp_ns)
        return self._recorder.stop(episode.meta.get('outcome', 'unlabeled'), 'stopped', last_ns)

    def _rows(self, episode: Episode, why: str) -> Iterator[Frame]:
        """Yield what a graph would have sent, in its order."""
        spec = self._spec
        state = wire.Topic(spec.joint_state_topics[0], wire.JOINT_STATES.type)
        since_ns, nothing = int(episode.stamp_ns[0]), np.zeros(spec.size)
        operator = str(episode.meta.get('operator', ''))
        for i, stamp_ns in enumerate(episode.stamp_ns.tolist()):
            sample = JointSample(stamp_ns, episode.position[i], episode.velocity[i], nothing)
            acts = tuple(Authority(WHO[who], why, since_ns, operator) for who in episode.who[i])
            decision = Decision(stamp_ns, episode.command[i], acts)
            if episode.objects.shape[1]:
                yield stamp_ns, wire.TASK_STATE, wire.poses_msg(stamp_ns, episode.objects[i])
            yield stamp_ns, state, wire.joints_msg(spec, sample)
            if np.isfinite(episode.proposal[i]).all():
                labels = tuple(map(Told, episode.told[i])) if len(episode.told) else ()
                proposal = Proposal(stamp_ns, episode.proposal[i], (), labels=labels)
                if (data := wire.person_msg(spec, stamp_ns, proposal)) is not None:
                    yield stamp_ns, wire.PERSON, data
            yield stamp_ns, wire.AUTHORITY, wire.authority_msg(spec, decision)
            for target in command_topics(spec):
                data = wire.command_msg(spec, target, decision)
                yield stamp_ns, wire.command_topic(target), data


def _check_empty(root: Path) -> None:
    """Raise ValueError for a folder that has bags already: they would be there twice."""
    try:
        found = find_bags(root, discarded=True)
    except NotABag:
        return
    raise ValueError(f'{root}: has {len(found)} bags already; give --out an empty or a new folder')
