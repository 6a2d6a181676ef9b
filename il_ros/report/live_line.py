"""The last line of a terminal, rewritten in place, below what scrolls by."""

import os
import threading
from typing import TextIO

CLEAR = '\r\x1b[K'  # to the first column, and erase to the end (ECMA-48, EL)
WIDTH = 80  # where a terminal does not say


def is_terminal(out: TextIO) -> bool:
    """Whether a line can be rewritten in place there."""
    return out.isatty() and os.environ.get('TERM', 'dumb') != 'dumb'


class LiveLine:
    """Text is written above the line; both may be called from any thread."""

    def __init__(self, out: TextIO):
        self._out, self._line = out, ''
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        """Write whole lines above the live one."""
        with self._lock:
            self._out.write((CLEAR if self._line else '') + text + self._cut())
        return len(text)

    def show(self, line: str) -> None:
        """Have this as the live line from now on, '' for none."""
        with self._lock:
            if line != self._line:
                self._line = line
                self._out.write(CLEAR + self._cut())
                self._out.flush()

    def flush(self) -> None:
        """Bring it to the terminal."""
        self._out.flush()

    def close(self) -> None:
        """Let the line stand where it is."""
        with self._lock:
            if self._line:
                self._line = ''
                self._out.write('\n')
                self._out.flush()

    def _cut(self) -> str:
        """Return the line as far as it fits: one that wraps could not be erased."""
        try:
            width = os.get_terminal_size(self._out.fileno()).columns or WIDTH
        except OSError:
            width = WIDTH
        if len(self._line) < width:
            return self._line
        return self._line[: max(0, width - 2)] + '…'
