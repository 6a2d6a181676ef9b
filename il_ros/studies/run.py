"""Run the cells of a study that are missing, over several processes, until told to stop."""

import fcntl
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from pathlib import Path
from types import FrameType
from typing import Any

from il_ros.studies.ledger import Ledger, Row
from il_ros.studies.study import Cell, Result, Study

Say = Callable[[Cell, Exception | None], None]  # told of each cell that ended, and how


class Stop:
    """Whether to start nothing more: time is up, or Ctrl-C; a second Ctrl-C ends all at once."""

    def __init__(
        self,
        limit_s: float | None,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._tell = tell
        self._clock = clock
        self._until = None if limit_s is None else clock() + limit_s
        self.is_interrupted = False

    def __enter__(self) -> 'Stop':
        self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *exception: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def __bool__(self) -> bool:
        return self.is_interrupted or (self._until is not None and self._clock() >= self._until)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self.is_interrupted:
            for child in multiprocessing.active_children():
                child.terminate()
            raise KeyboardInterrupt
        self.is_interrupted = True
        self._tell('finishing the cells that are running; Ctrl-C again ends them unfinished')


class Here(Executor):
    """An executor without processes: what is submitted is done at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Return a future that is over."""
        future: Future = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def pending(study: Study, ledger: Ledger, only: str = '') -> tuple[list[Cell], list[Cell]]:
    """Return what is to be prepared and run of `only`; ValueError for two cells of one key."""
    cells = study.cells()
    keys = [cell.key for cell in cells]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f'{type(study).__name__}: more than one cell has the key {twice}')
    done = ledger.done(cells)
    missing = [cell for cell in cells if cell.key not in done and only in cell.key]
    return needs_of(missing), missing


def needs_of(cells: Sequence[Cell]) -> list[Cell]:
    """Return what the cells need, each once."""
    return list({need.mark: need for cell in cells for need in cell.needs}.values())


def run(
    study: Study,
    ledger: Ledger,
    scratch: Path,
    processes: int,
    stop: Stop,
    say: Say,
    only: str = '',
) -> dict[str, str]:
    """
    Prepare and run what is missing; return key -> error of the cells that failed.

    only: what the keys of the cells to run have in them, '' for all. A preparation that fails ends
    the run with its own error; a cell that fails, only itself.
    """
    needs, cells = pending(study, ledger, only)
    failed: dict[str, str] = {}
    with _executor(min(processes, len(cells))) as pool:
        for job, of in ((_prepare, needs), (_run, cells)):
            for cell, future in _ended(pool, job, study, of, scratch, processes, stop):
                error = future.exception()
                if error is None:
                    ledger.add(future.result())
                elif job is _prepare or not isinstance(error, Exception):
                    raise error
                else:
                    failed[cell.key] = f'{type(error).__name__}: {error}'
                say(cell, error)
    return failed


def _executor(processes: int) -> Executor:
    """Return where cells run: here, or in processes; one torch thread, so that times compare."""
    if processes > 1:
        spawn = multiprocessing.get_context('spawn')
        return ProcessPoolExecutor(processes, spawn, _begin)
    import torch

    torch.set_num_threads(1)
    return Here()


def _begin() -> None:
    """Start a process of the pool: Ctrl-C is for the one that started it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ['OMP_NUM_THREADS'] = '1'  # read by torch when it is imported


def _ended(
    pool: Executor,
    job: Callable[[Study, Cell, Path], Row],
    study: Study,
    cells: Sequence[Cell],
    scratch: Path,
    processes: int,
    stop: Stop,
) -> Iterator[tuple[Cell, Future]]:
    """Yield cells as they end; no more than `processes` are started before their turn."""
    waiting = list(cells)
    running: dict[Future, Cell] = {}
    while True:
        while waiting and len(running) < processes and not stop:
            cell = waiting.pop(0)
            running[pool.submit(job, study, cell, scratch)] = cell
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future


def _run(study: Study, cell: Cell, scratch: Path) -> Row:
    """Do a cell and return its row."""
    return _row(cell, study.run, scratch)


def _prepare(study: Study, need: Cell, scratch: Path) -> Row:
    """Do a preparation and return its row; another study may want the same just now."""
    folder = need.folder(scratch)
    folder.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix('.lock').open('w') as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        return _row(need, study.prepare, scratch)


def _row(cell: Cell, work: Callable[[Cell, Path], Result], scratch: Path) -> Row:
    """Return what the ledger keeps; ValueError or TypeError for what JSON cannot say."""
    began = time.perf_counter()
    result = json.loads(json.dumps(work(cell, scratch), allow_nan=False))  # as it is kept
    seconds = round(time.perf_counter() - began, 2)
    return {'key': cell.key, 'mark': cell.mark, 'seconds': seconds, 'result': result}
