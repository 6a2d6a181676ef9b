"""What the policy tells the arbiter: its plans, how much a person may be wanted, how it is."""

from collections.abc import Callable

from il_ros import wire
from il_ros.arbiter.control import Control
from il_ros.arbiter.sources import POLICY
from il_ros.nodes.listening import Listener


class PlanInputs:
    """
    Convert it and hand it on; the plans come by on_chunk.

    heard(POLICY, stamp_ns) is told of a tick that the policy has answered in full: with a plan, or
    with nothing, and where there is a gate also with the scores of the plan.
    """

    def __init__(
        self,
        listener: Listener,
        control: Control,
        heard: Callable[[str, int], None],
        now_ns: Callable[[], int],
    ):
        self._control, self._meter = control, listener.meter
        self._heard, self._now_ns = heard, now_ns
        self._answered = {wire.CHUNK: -1}  # the parts of an answer, and for which tick they came
        if control.arbiter.gate.score:
            self._answered[wire.SCORE] = -1
            listener.listen('score', wire.SCORE, self.on_scores)
        self._name = f'{listener.namespace}/policy_node'.lstrip('/')
        if control.lockstep is None:  # which has a silence of its own
            listener.listen('diagnostics', wire.DIAGNOSTICS, self.on_diagnostics)

    def on_chunk(self, source: str, data: bytes) -> None:
        """Take a plan; after one that cannot be read, nothing planned counts."""
        try:
            chunk = wire.read_trajectory(self._control.arbiter.spec, data, wire.CHUNK.name)
        except ValueError as error:
            self._control.arbiter.plans.refuse(f'policy refused: {error}')
            raise
        self._meter.span('chunk_age', (self._now_ns() - chunk.stamp_ns) * 1e-9)
        self._control.take_chunk(chunk)
        self._note(wire.CHUNK, chunk.stamp_ns)
        if not len(chunk.targets):  # nothing was due, and so nothing is scored
            self._note(wire.SCORE, chunk.stamp_ns)

    def on_scores(self, source: str, data: bytes) -> None:
        """Take how much a person may be wanted, by the plan of the same stamp."""
        stamp_ns, scores = wire.read_scores(data)
        self._control.take_scores(stamp_ns, scores)
        self._note(wire.SCORE, stamp_ns)

    def on_diagnostics(self, source: str, data: bytes) -> None:
        """Take what the policy says of itself."""
        for name, word, _ in wire.read_diagnostics(data)[1]:
            if name == self._name:
                wrong = '' if word == 'OK' else word
                self._control.arbiter.plans.word.hear(wrong, self._now_ns())

    def _note(self, part: wire.Topic, stamp_ns: int) -> None:
        """Note that a part of the answer to a tick has come."""
        if part in self._answered:
            self._answered[part] = stamp_ns
        if set(self._answered.values()) == {stamp_ns}:
            self._heard(POLICY, stamp_ns)
