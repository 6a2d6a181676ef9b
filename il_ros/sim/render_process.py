"""A second process that renders the cameras of a mirrored state: no tick waits for an image."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np

from il_ros.registry import make
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import Camera, RobotSpec

START_S = 60.0  # patience until the process has a world
NICENESS = 5  # where cores are scarce, an image is late rather than a tick
Encode = Callable[[int, str, np.ndarray], bytes]  # stamp [ns], camera, image (H, W, 3)


@dataclass(frozen=True, eq=False)
class Mirrored:
    """A state of the world, and the cameras that are to see it."""

    stamp_ns: int
    seed: int  # that the scene was built from
    position: np.ndarray  # (N,) [rad, opening]
    objects: np.ndarray  # (K, 7) xyz [m], quaternion xyzw
    cameras: tuple[str, ...]


class RenderProcess:
    """
    Takes states as they come and gives back images; of the states that wait, the newest counts.

    `offer` never blocks; `frames` does, and belongs into a thread. encode must be picklable.
    """

    def __init__(self, spec: RobotSpec, task: str, cameras: tuple[Camera, ...], encode: Encode):
        context = get_context('spawn')  # a fork of a process that uses DDS hears nothing
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_render, args=(theirs, spec, task, cameras, encode), daemon=True
        )
        self._process.start()
        theirs.close()
        self._newest: Mirrored | None = None
        self._is_closed = False
        self._changed = threading.Condition()
        if not self._pipe.poll(START_S) or not self._is_ready():
            raise RuntimeError('the process that renders the cameras did not start; see above')

    def offer(self, state: Mirrored) -> None:
        """Have a state rendered; cameras of one that has waited in vain see this one instead."""
        with self._changed:
            if self._newest is not None:
                due = dict.fromkeys((*self._newest.cameras, *state.cameras))
                state = replace(state, cameras=tuple(due))
            self._newest = state
            self._changed.notify()

    def frames(self) -> Iterator[tuple[str, bytes]]:
        """Yield each camera's name and encoded image; RuntimeError once the process has ended."""
        while (state := self._take()) is not None:
            try:
                self._pipe.send(state)
                for camera in state.cameras:
                    yield camera, self._pipe.recv_bytes()
            except (EOFError, OSError) as error:
                raise RuntimeError('the process that renders the cameras has ended') from error

    def close(self) -> None:
        """Let `frames` end after the state it is at; `end` the process when it has."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def end(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(START_S)

    def _take(self) -> Mirrored | None:
        """Wait for a state to render; None when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._newest is not None)
            state, self._newest = self._newest, None
            return None if self._is_closed else state

    def _is_ready(self) -> bool:
        try:
            return bool(self._pipe.recv())
        except EOFError:
            return False


def _render(
    pipe: Connection, spec: RobotSpec, task: str, cameras: tuple[Camera, ...], encode: Encode
) -> None:
    """Render what comes through the pipe until its other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who started us
    os.nice(NICENESS)
    world, seed = World(spec, make(TASKS, task), cameras), None
    pipe.send(True)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):  # who started us has gone
        while True:
            state = pipe.recv()
            if state.seed != seed:
                world.reset(state.seed)
                seed = state.seed
            world.show(state.position, state.objects)
            for name in state.cameras:
                pipe.send_bytes(encode(state.stamp_ns, name, world.image(name)))
