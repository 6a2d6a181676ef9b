"""What a terminal sends -> names of keys, those of layout.KEYS."""

import re

from il_ros.teleop.layout import KEYS

ESCAPE = '\x1b'
PLAIN = {
    ' ': 'space',
    '\r': 'enter',
    '\n': 'enter',
    '\t': 'tab',
    '\x7f': 'backspace',
    '\x08': 'backspace',
}
# Source: https://invisible-island.net/xterm/ctlseqs/ctlseqs.html (PC-style function keys, VT220)
LETTERS = {
    **{'A': 'up', 'B': 'down', 'C': 'right', 'D': 'left', 'H': 'home', 'F': 'end', 'M': 'enter'},
    **{'P': 'f1', 'Q': 'f2', 'R': 'f3', 'S': 'f4', 'k': '+', 'm': '-', 'n': '.', 'j': '*'},
    **{letter: str(digit) for digit, letter in enumerate('pqrstuvwxy')},  # a key pad's
}
NUMBERS = {
    **{1: 'home', 2: 'insert', 3: 'delete', 4: 'end', 5: 'page_up', 6: 'page_down'},
    **{7: 'home', 8: 'end', 11: 'f1', 12: 'f2', 13: 'f3', 14: 'f4', 15: 'f5'},
    **{17: 'f6', 18: 'f7', 19: 'f8', 20: 'f9', 21: 'f10', 23: 'f11', 24: 'f12'},
}
# ESC [ or ESC O, numbers of the key and of modifiers, the end; Linux's console has ESC [ [, too
SEQUENCE = re.compile(r'\x1b(?:\[\[(?P<console>[A-E])|[\[O](?P<numbers>[0-9;]*)(?P<end>[@-~]))')
UNFINISHED = re.compile(r'\x1b(\[\[?[0-9;]*|O[0-9;]*)?\Z')


class Keystrokes:
    """Names the keys in a stream of text, which may be cut off anywhere."""

    def __init__(self) -> None:
        self._rest = ''

    def take(self, text: str) -> list[str]:
        """Return the keys of text; what may go on is kept. Text that is no key says nothing."""
        text, found = self._rest + text, []
        self._rest = ''
        while text:
            if UNFINISHED.match(text):
                self._rest = text
                break
            match = SEQUENCE.match(text)
            key = _of(match) if match else _plain(text[0])
            text = text[match.end() :] if match else text[1:]
            if key in KEYS:
                found.append(key)
        return found

    def end(self) -> list[str]:
        """Return what was kept, for nothing has come since: the escape key itself."""
        rest, self._rest = self._rest, ''
        return ['escape'] if rest else []


def _of(match: re.Match[str]) -> str:
    """Return the key of an escape sequence, '' for one that is none."""
    if match['console']:
        return f'f{" ABCDE".index(match["console"])}'
    if match['end'] != '~':
        return LETTERS.get(match['end'], '')
    number = match['numbers'].split(';')[0]
    return NUMBERS.get(int(number), '') if number else ''


def _plain(character: str) -> str:
    """Return the key of one character; an escape that no sequence follows is the escape key."""
    return 'escape' if character == ESCAPE else PLAIN.get(character, character.lower())
