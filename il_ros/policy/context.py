"""What an encoder tells a head."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Context:
    """An observation history, encoded; B batch, L tokens, C width."""

    tokens: Tensor  # (B, L, C)
    padding: Tensor  # (B, L) bool, True where a token is to be ignored
    pooled: Tensor  # (B, C)

    def repeated(self, times: int) -> 'Context':
        """Return every row so many times, (B times, ...), the same one side by side."""
        parts = (self.tokens, self.padding, self.pooled)
        return Context(*(part.repeat_interleave(times, dim=0) for part in parts))
