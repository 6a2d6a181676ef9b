"""What the policy says of itself from time to time: why a plan that should have come has not."""

SILENCE_S = 3.0  # it says something once a second


class PolicyWord:
    """The newest word, '' for all is well; time is given, in ns. Without any nothing is known."""

    def __init__(self) -> None:
        self._word, self._heard_ns = '', -1

    def hear(self, word: str, now_ns: int) -> None:
        """Take a word."""
        self._word, self._heard_ns = word, now_ns

    def explains(self, why: str, now_ns: int) -> str:
        """Return why there is no plan, and what is behind it as far as that is known."""
        if self._heard_ns < 0:
            return why
        is_silent = now_ns - self._heard_ns > round(SILENCE_S * 1e9)
        behind = f'policy_node silent for {SILENCE_S:g} s' if is_silent else self._word
        return f'{why}: {behind}' if behind else why
