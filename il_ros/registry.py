"""A registry is a dict of strings, 'name': 'module:attribute'; to add is one file, one line."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any


def nearest(name: str, known: Any) -> str:
    """Return ' (did you mean X?)' for a name that looks like a known one, else ''."""
    close = get_close_matches(name, list(known), n=1)
    return f' (did you mean {close[0]!r}?)' if close else ''


def lookup(table: Mapping[str, str], name: str) -> Any:
    """Import and return table[name]; ValueError lists the names that exist."""
    if name not in table:
        raise ValueError(
            f'unknown name {name!r}{nearest(name, table)}; known: {", ".join(sorted(table))}'
        )
    module, attribute = table[name].split(':')
    return getattr(import_module(module), attribute)


def make(table: Mapping[str, str], name: str, *args: Any, **options: Any) -> Any:
    """
    Build table[name] with the arguments given; ValueError lists the names that exist.

    'name:12' also gives the number, where what is built takes_number.
    """
    kind, _, number = name.partition(':')
    found = lookup(table, kind)
    return found(*args, *_numbers(found, name, number), **options)


def _numbers(found: Any, name: str, number: str) -> tuple[int, ...]:
    """Return the number that a name carries; ValueError for one that cannot be."""
    if not number:
        return ()
    if not getattr(found, 'takes_number', False):
        raise ValueError(f'{name!r}: {found.__name__} takes no number')
    if not number.isdecimal():
        raise ValueError(f'{name!r}: {number!r} is no whole number')
    return (int(number),)
