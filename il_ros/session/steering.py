"""What a person says of a session by buttons or services: taken where its phase allows it."""

from queue import Empty, SimpleQueue

from il_ros.session.phases import Standing, after
from il_ros.teleop.mapping import SESSION_EVENTS

SAYINGS = SESSION_EVENTS
WISHES = ('rollback',)  # done between two episodes, whenever they are said


class Steering:
    """Pass a person's words on to the program of the session, which runs in another thread."""

    def __init__(self, standing: Standing):
        self.standing = standing
        self._said: SimpleQueue[str] = SimpleQueue()
        self._wishes: set[str] = set()

    def refusal(self, event: str) -> str:
        """Take a person's word, or return why not now, naming what is allowed."""
        if event in WISHES:
            return self._wish(event)
        try:
            after(self.standing.phase, event)
        except ValueError as error:
            return str(error)
        if event == 'redo' and not self.standing.values.get('number'):
            return "'redo' refused: no episode comes before this one"
        self._said.put(event)
        return ''

    def _wish(self, event: str) -> str:
        """Take what is done between two episodes, whatever the phase."""
        if not self.standing.values.get('back'):
            return f'{event!r} refused: no checkpoint was kept before the one that acts'
        self._wishes.add(event)
        return ''

    def has_wish(self) -> bool:
        """Whether something waits to be done before the next episode."""
        return bool(self._wishes)

    def is_asked(self, wish: str) -> bool:
        """Whether a person has asked for it since this was last asked."""
        is_asked = wish in self._wishes
        self._wishes.discard(wish)
        return is_asked

    def enter(self, transition: str) -> None:
        """Go on to the next phase, in which nothing that was said before counts."""
        while not self._said.empty():
            self._said.get()
        self.standing.on(transition)

    def heard(self, patience_s: float) -> str:
        """Return the next word, '' when none is said for patience_s of wall-clock."""
        try:
            return self._said.get(timeout=patience_s)
        except Empty:
            return ''
