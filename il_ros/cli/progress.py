"""A session's log on its way to a file, and what of it a person at a terminal wants to see."""

import json
import re
from pathlib import Path

TOLD = re.compile(r'(episode|train|trained|evaluated|decided|done) (\{.*\})\s*$')


class SessionProgress:
    """A session's log: all of it goes to a file, a line an event to the terminal."""

    def __init__(self, path: Path):
        self._file = path.open('a')

    def __enter__(self) -> 'SessionProgress':
        return self

    def __exit__(self, *exception: object) -> None:
        self._file.close()

    def write(self, text: str) -> int:
        """Keep text; show the session's events and anything that went wrong."""
        for line in text.splitlines():
            told = TOLD.search(line) if 'session_node' in line else None
            if told:
                print(shown(told[1], json.loads(told[2])), flush=True)
            elif 'ERROR' in line or 'Traceback' in line:
                print(line, flush=True)
        return self._file.write(text)

    def flush(self) -> None:
        """Flush the file."""
        self._file.flush()


def shown(event: str, values: dict) -> str:
    """Return an event of the session in a line."""
    if event == 'episode':
        where = f'round {values["round"]}, ' if values.get('round') else ''
        help_of = f', {values["interventions"]} interventions' if values['interventions'] else ''
        ended = values['outcome'] + (f' ({values["reason"]})' if values['reason'] else '')
        return (
            f'   {where}episode {values["number"]:3d}: {ended}, {values["ticks"]} ticks{help_of}'
        )
    if event == 'trained':
        return _trained(values)
    if event == 'evaluated':
        return f'   round {values["round"]}: success {values["success"]:.2f} of {values["n"]}'
    if event == 'decided':
        how = 'kept' if values['is_kept'] else 'not kept, the policy before goes on'
        return f'   round {values["round"]}: {how}'
    return f'   {event}'


def _trained(values: dict) -> str:
    """Return what came of a training, also of one that an earlier session had finished."""
    if 'steps' not in values:
        return f'   round {values["round"]} had been trained already'
    left = f'; {values["left_out"]} episodes left out, see training.log' * bool(values['left_out'])
    return f'   trained {values["steps"]} steps, held-out loss {values["validation"]}{left}'
