"""Leader arms on the screen: PyBullet's window, with a slider for every joint, or the keyboard."""

import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from il_ros.robot.urdf import mimics, parse, without_frames
from il_ros.spec import RobotSpec
from il_ros.teleop.leader_arms import NoReading
from il_ros.teleop.leader_config import LeaderConfig
from il_ros.teleop.leader_map import LeaderMap

KEY_SPEED = 0.5  # [rad/s, opening/s]
LONGEST_S = 0.1  # between two readings
LOOK_S = 0.005  # of a reading may go to the window
HELP = 'SPACE: take, give back   1-9: joint   0: other arm   + -: move'


def open_window() -> Any:
    """Return PyBullet with a window; ValueError without a screen, where it would end us."""
    if not os.environ.get('DISPLAY'):
        raise ValueError('a leader on the screen needs a screen: DISPLAY is not set')
    import pybullet

    pybullet.connect(pybullet.GUI)
    return pybullet


class LeaderWindow:
    """
    The robot's own arms, once more; they go along with the robot until SPACE takes them.

    The keyboard moves one joint at a time, chosen by a digit, in the arm that 0 switches.
    """

    def __init__(
        self,
        spec: RobotSpec,
        config: LeaderConfig,
        open_it: Callable[[], Any] = open_window,
        clock: Callable[[], float] = monotonic,
    ):
        self._spec, self._map, self._clock = spec, LeaderMap(spec, config), clock
        self._bullet = open_it()
        self._bullet.configureDebugVisualizer(self._bullet.COV_ENABLE_KEYBOARD_SHORTCUTS, 0)
        self._body = _load(self._bullet, spec.urdf)
        self._joints = _joints(self._bullet, self._body, spec)
        self._position = spec.home.copy()  # (N,)
        self.is_held, self._arm, self._joint, self._last_ns = False, 0, 0, 0
        self._sliders: list[int] = []
        self._slid = np.zeros(spec.size)
        self._shown = np.full(len(self._joints), np.nan)
        self._looks = [partial(self._slide, i) for i in range(spec.size)]
        self._looks += [partial(self._show, k) for k in range(len(self._joints))]
        self._turn = 0
        self._offer()

    def read(self, now_ns: int) -> np.ndarray:
        """Return where the joints (M,) are; NoReading once the window is closed."""
        passed_s = min((now_ns - self._last_ns) * 1e-9, LONGEST_S)
        self._last_ns = now_ns
        try:
            self._press(self._bullet.getKeyboardEvents(), passed_s)
            self._look()
        except self._bullet.error as error:
            raise NoReading(f'the window of the leader is closed ({error})') from error
        return self._map.to_leader(self._position)

    def drive(self, target: np.ndarray) -> None:
        """Go along with the robot to (M,), NaN for not at all, unless they are taken."""
        wanted = self._map.to_follower(target)
        if not self.is_held:
            self._position = np.where(np.isnan(wanted), self._position, wanted)

    def take_hands(self, position: np.ndarray | None) -> None:
        """Hold nothing: real hands need no word."""

    def close(self) -> None:
        """Close the window."""
        if self._bullet.isConnected():
            self._bullet.disconnect()

    def _press(self, keys: dict[int, int], passed_s: float) -> None:
        """Do what the keys that are down ask for."""
        triggered = {key for key, how in keys.items() if how & self._bullet.KEY_WAS_TRIGGERED}
        if ord(' ') in triggered:
            self.is_held = not self.is_held
            self._offer()
        if ord('0') in triggered:
            self._arm = (self._arm + 1) % len(self._spec.arms)
        arm = self._spec.arms[self._arm].all
        count = arm.stop - arm.start
        self._joint = next(
            (i for i in range(count) if ord(str(i + 1)) in triggered), min(self._joint, count - 1)
        )
        down = {key for key, how in keys.items() if how & self._bullet.KEY_IS_DOWN}
        way = bool(down & {ord('+'), ord('=')}) - bool(down & {ord('-')})
        self._move(arm.start + self._joint, way * KEY_SPEED * passed_s)

    def _look(self) -> None:
        """Look at sliders and joints in turn, while there is time: each may cost a frame."""
        end_s = self._clock() + LOOK_S
        for _ in self._looks:
            self._looks[self._turn]()
            self._turn = (self._turn + 1) % len(self._looks)
            if self._clock() > end_s:
                return

    def _slide(self, joint: int) -> None:
        """Take a slider, if it was moved since the last look."""
        slid = self._bullet.readUserDebugParameter(self._sliders[joint])
        if slid != self._slid[joint]:
            self._slid[joint] = self._position[joint] = slid

    def _move(self, joint: int, by: float) -> None:
        low, high = self._spec.lower[joint], self._spec.upper[joint]
        if by:
            self._position[joint] = min(max(self._position[joint] + by, low), high)

    def _offer(self) -> None:
        """Put the sliders where the arms are: PyBullet's cannot be moved but by hand."""
        bullet, spec = self._bullet, self._spec
        bullet.removeAllUserParameters()
        bullet.removeAllUserDebugItems()
        whose = 'yours' if self.is_held else 'not taken'
        bullet.addUserDebugText(f'{whose}   {HELP}', [0.0, 0.0, 0.8], [0.0, 0.0, 0.0])
        ends = zip(spec.joint_names, spec.lower, spec.upper, self._position, strict=True)
        self._sliders = [
            bullet.addUserDebugParameter(name, low, high, min(max(at, low), high))
            for name, low, high, at in ends
        ]
        self._slid = np.array([bullet.readUserDebugParameter(i) for i in self._sliders])

    def _show(self, place: int) -> None:
        """Move a joint of the picture, if it has moved."""
        joint, index, per, zero = self._joints[place]
        value = self._spec.to_joint(self._position)[index] * per + zero
        if value != self._shown[place]:
            self._shown[place] = value
            self._bullet.resetJointState(self._body, joint, value)


def _load(bullet: Any, urdf: str) -> int:
    """Load a URDF's text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'leader.urdf'
        path.write_text(without_frames(urdf))
        return bullet.loadURDF(str(path), useFixedBase=True)


def _joints(bullet: Any, body: int, spec: RobotSpec) -> list[tuple[int, int, float, float]]:
    """Return PyBullet's joint, its place in our vectors, and how it mimics what stands there."""
    rows = [bullet.getJointInfo(body, i) for i in range(bullet.getNumJoints(body))]
    number = {row[1].decode(): row[0] for row in rows}
    own = [(number[name], i, 1.0, 0.0) for i, name in enumerate(spec.joint_names)]
    copies = [
        (number[m.joint], spec.joint_names.index(m.driver), m.multiplier, m.offset)
        for m in mimics(parse(spec.urdf, spec.name))
        if m.driver in spec.joint_names
    ]
    return own + copies
