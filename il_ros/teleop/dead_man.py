"""Whether a person has the arms, or only tells: by a button held, or by a word until another."""

import numpy as np

from il_ros.teleop.mapping import JoyMapping


class DeadMan:
    """The dead-man of one device."""

    def __init__(self, mapping: JoyMapping):
        self._mapping = mapping
        self._tells = False
        self.reset()

    def reset(self) -> None:
        """Nobody has the arms; who only tells goes on so, lest a key take them by surprise."""
        self._is_kept = self._must_let_go = False

    def take_over(self) -> None:
        """Keep the arms without a button, from now on."""
        self._is_kept, self._must_let_go, self._tells = True, False, False

    def hand_back(self) -> None:
        """Keep them no longer; a button that is held has to be let go first, to count again."""
        self._is_kept, self._must_let_go, self._tells = False, True, False

    def label(self) -> None:
        """Only tell, from now on: what moves the arms does not take them, other dead-men do."""
        self._is_kept, self._must_let_go, self._tells = False, True, True

    def is_held(self, buttons: np.ndarray) -> bool:
        """Whether the person has the arms, by this reading of the buttons."""
        is_down = self._mapping.is_engaged(buttons, self._tells)
        self._must_let_go = self._must_let_go and is_down
        return self._is_kept or (is_down and not self._must_let_go)

    def is_label(self, buttons: np.ndarray) -> bool:
        """Whether the person only tells; who has the arms moves them."""
        tells = self._tells or self._mapping.is_label(buttons)
        return tells and not self.is_held(buttons)
