"""A mapping in words: what the keyboard shows, and what the documentation says."""

from collections.abc import Iterable

from il_ros.teleop.mapping import Drive, JoyMapping, Layer

UNITS = {
    **dict.fromkeys('xyz', 'm/s'),
    **dict.fromkeys(('roll', 'pitch', 'yaw'), 'rad/s'),
    'gripper': 'openings/s',
}
WORDS = {
    'start': 'start, or go on after a pause',
    'stop': 'end without a word on how it went',
    'success': 'end: it went well',
    'failure': 'end: it went wrong',
    'discard': 'end, and do it again: the bag is marked as discarded',
    'redo': 'before a start: discard the last episode, and do it again',
    'pause': 'pause: nothing acts until the start',
    'reset': 'before a start: set the scene anew',
    'rollback': 'the checkpoint that acted before acts again, from the next episode on',
    'take_over': 'take the selected arms, and keep them',
    'hand_back': 'hand the arms back',
    'label': 'keys that move only tell what to learn, until arms are taken or handed back',
    'estop': 'e-stop (not safety-rated)',
    'clear_estop': 'let go of the e-stop',
}


def described(mapping: JoyMapping) -> list[tuple[str, str]]:
    """Return what to press, and what it does; a line a pair."""
    rows = list(_rows(mapping.plain, ''))
    moving = {name for name in mapping.dead_man if name in mapping.plain.axes}
    held = ', '.join(name for name in mapping.dead_man if name not in moving)
    also = ', or any key that moves' if moving else ''
    first = [(f'{held} (hold){also}', 'have the selected arms; let go: hand them back')]
    if mapping.label:
        shown = f'{", ".join(mapping.label)} (hold)'
        first.append((shown, 'leader arms or sticks tell what to learn, and move nothing'))
    rows = [*first, *rows]
    for button, layer in mapping.shift.items():
        changed = Layer(*(_changed(mapping.plain, layer, part) for part in Layer.PARTS))
        rows += _rows(changed, f'{button} + ')
    return rows


def table(mapping: JoyMapping) -> str:
    """Return the same as a table in Markdown."""
    lines = (f'| {keys} | {what} |' for keys, what in described(mapping))
    return '\n'.join(('| press | what it does |', '|---|---|', *lines))


def _changed(plain: Layer, layer: Layer, part: str) -> dict:
    """Return what a shift makes different."""
    before = getattr(plain, part)
    return {k: v for k, v in getattr(layer, part).items() if before.get(k) != v}


def _rows(layer: Layer, prefix: str) -> Iterable[tuple[str, str]]:
    """Yield the lines of one layer; the two ways of one direction are one line."""
    for name, arms in layer.select.items():
        yield f'{prefix}{name}', f'select {" and ".join(arms)}'
    for drives in (layer.axes, layer.buttons):
        for names in _by_direction(drives):
            said = [_way(drives[name], len(names) > 1) for name in names]
            yield f'{prefix}{" / ".join(names)}', f'{" / ".join(said)}, {_speed(drives[names[0]])}'
    for name, word in layer.events.items():
        yield f'{prefix}{name}', WORDS[word]


def _by_direction(drives: dict[str, Drive]) -> list[list[str]]:
    """Return the names that move one direction, one or the two ways of it, in a list each."""
    found: dict[str, list[str]] = {}
    for name, drive in drives.items():
        found.setdefault(drive.direction, []).append(name)
    return list(found.values())


def _way(drive: Drive, is_one_way: bool) -> str:
    """Return what moves, and which way where a name stands for one."""
    if drive.direction == 'gripper':
        return 'gripper opens' if drive.speed > 0 else 'gripper closes'
    sign = ('+' if drive.speed > 0 else '−') if is_one_way else ''
    return sign + drive.direction.replace('_', ' ')


def _speed(drive: Drive) -> str:
    return f'{abs(drive.speed):g} {UNITS.get(drive.direction, "rad/s")}'
