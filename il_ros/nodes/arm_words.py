"""What a person's words, said by a button or key, do to the arms."""

from collections.abc import Callable
from functools import partial
from typing import Any

from il_ros.arbiter.arbiter import Arbiter
from il_ros.nodes.diagnostics import Diagnostics
from il_ros.teleop.guiding import Guiding
from il_ros.teleop.hands import Hands


class ArmWords:
    """Take-over, hand-back and e-stop; other words are the session's."""

    def __init__(
        self,
        arbiter: Arbiter,
        hands: Hands | Guiding,
        diagnostics: Diagnostics,
        now_ns: Callable[[], int],
    ):
        self._arbiter, self._hands, self._diagnostics = arbiter, hands, diagnostics
        self._now_ns = now_ns
        self._actions: dict[str, Callable[[], Any]] = {
            'take_over': hands.take_over,
            'hand_back': self._hand_back,
            'label': self._label,
            'estop': partial(arbiter.locks.stop, 'joystick'),
            'clear_estop': self._clear_estop,
        }

    def say(self, word: str) -> None:
        """Do what a word stands for, if it is about the arms."""
        if word in self._actions:
            self._actions[word]()

    def _hand_back(self) -> None:
        """However they were taken."""
        self._hands.hand_back()
        self._arbiter.persons.hand_back()

    def _label(self) -> None:
        if why := self._hands.label():
            self._diagnostics.refuse('label', why)

    def _clear_estop(self) -> None:
        if why := self._arbiter.locks.clear(self._now_ns()):
            self._diagnostics.refuse('clear_estop', why)
