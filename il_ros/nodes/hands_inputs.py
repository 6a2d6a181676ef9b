"""What persons' devices tell the arbiter: leader arms, joystick or keyboard, further sources."""

from collections.abc import Callable

from il_ros import wire
from il_ros.arbiter.control import Control
from il_ros.nodes.arm_words import ArmWords
from il_ros.spec import Proposal
from il_ros.teleop.guiding import Guiding
from il_ros.teleop.hands import Hands
from il_ros.teleop.keys import Keys
from il_ros.teleop.leader_map import LeaderMap


class HandsInputs:
    """Convert it and hand it on; heard(participant, stamp_ns) is told of what was of use."""

    def __init__(
        self,
        control: Control,
        hands: Hands | Guiding,
        leader_map: LeaderMap,
        keys: Keys,
        words: ArmWords,
        heard: Callable[[str, int], None],
    ):
        self._control, self._hands = control, hands
        self._leader_map, self._keys, self._words = leader_map, keys, words
        self._heard = heard

    def on_leader(self, source: str, data: bytes) -> None:
        """Take where the leader arms are; without any joints there is nobody at them."""
        reading = self._leader_map.read(data)
        if reading is None:
            self._hands.leave_leader()
            self._heard(source, wire.stamp_ns_of(wire.LEADER, data) or 0)
            return
        self._hands.take_leader(reading)
        self._heard(source, reading.stamp_ns)

    def on_joy(self, source: str, data: bytes) -> None:
        """Take joystick or keyboard; what it says of the arms needs nobody else."""
        stamp_ns, axes, buttons = wire.read_joy(data)
        for event in self._keys.pressed(buttons):
            self._words.say(event)
        self._hands.take_joy(stamp_ns, axes, buttons)
        self._heard(wire.JOY.name, stamp_ns)

    def on_other(self, source: str, data: bytes) -> None:
        """Take where a further source wants the joints; a trajectory of no point lets them go."""
        spec = self._control.arbiter.spec
        chunk = wire.read_trajectory(spec, data, source)
        engaged = (len(chunk.targets) > 0,) * len(spec.arms)
        target = chunk.targets[0] if len(chunk.targets) else self._control.arbiter.command
        self._control.take_proposal(Proposal(chunk.stamp_ns, target, engaged, source))
