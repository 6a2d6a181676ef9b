"""Waiting for the disk: an ended episode is written out while the next one is recorded."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from il_ros.recorder.bag import BagWriter
from il_ros.recorder.repair import DISK_FULL, close_full

FULL = {'termination_reason': 'disk full', 'outcome': 'unlabeled'}  # its end is missing


def settle(bag: BagWriter) -> str:
    """
    Wait until the disk has an ended bag; where it is full, the bag ends at what fits.

    Returns what went wrong, '' for nothing. Raises OSError for a disk that fails otherwise.
    """
    try:
        bag.settle()
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        close_full(bag.path, FULL | {'repaired': False})
        return 'the disk is full; the episode ends at what fits'
    return ''


class Settling:
    """Settles one bag after the other in a thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, 'settling')
        self._bags: dict[Path, Future] = {}

    def __call__(self, bag: BagWriter) -> None:
        """Settle a bag when those before it are."""
        self._bags[bag.folder] = self._thread.submit(settle, bag)

    def unsettled(self) -> list[Path]:
        """Return the folders of bags that the disk does not have yet."""
        return [folder for folder, future in self._bags.items() if not future.done()]

    def failed(self) -> list[str]:
        """Return, once each, what went wrong."""
        settled = [folder for folder, future in self._bags.items() if future.done()]
        told = {folder: _told(self._bags.pop(folder)) for folder in settled}
        return [f'{folder}: {what}' for folder, what in told.items() if what]

    def close(self) -> None:
        """Wait until every bag is settled."""
        self._thread.shutdown(wait=True)


def _told(settled: Future) -> str:
    """Return what went wrong with a bag, '' for nothing."""
    error = settled.exception()
    return f'not written out: {error}; the next start repairs it' if error else settled.result()
