"""One robot's demonstrations as another's: the hands go the same way, other joints take them."""

from dataclasses import dataclass, replace

import numpy as np
import pinocchio as pin

from il_ros.dataset.episode import Episode
from il_ros.robot.kinematics import Kinematics
from il_ros.spec import Arm, RobotSpec

_MET = 1e-3  # [m, rad] what the search leaves when it has not got stuck
_PATIENCE = 100  # iterations from home, where the search begins or begins again


@dataclass(frozen=True)
class Tolerance:
    """How far a hand may be from where it should be."""

    mm: float = 5.0
    deg: float = 3.0


@dataclass(frozen=True, eq=False)
class Retargeted:
    """An episode of the second robot, and how well it follows the first; n ticks."""

    episode: Episode
    mm: np.ndarray  # (n,) of the worse hand, as measured or as commanded
    deg: np.ndarray  # (n,)
    haste: np.ndarray  # (n,) speed of the fastest joint over its limit

    def reached(self, tolerance: Tolerance) -> np.ndarray:
        """Return for each tick (n,) whether both hands are there, and no joint is too fast."""
        is_there = (self.mm <= tolerance.mm) & (self.deg <= tolerance.deg)
        return is_there & (self.haste <= 1.0)


class Retargeter:
    """
    Turn episodes of one robot into another's, arm by arm of the same name.

    The grasp points' poses in the URDFs' root frames are kept, and the grippers' openings; an
    elbow that is free rests as at home. Images and expert's labels are of the first robot's body
    and are left out. ValueError for robots with other arms or another control rate.
    """

    def __init__(self, first: RobotSpec, second: RobotSpec):
        names = [[arm.name for arm in spec.arms] for spec in (first, second)]
        if names[0] != names[1]:
            raise ValueError(
                f'{first.name} has the arms {names[0]}, {second.name} has {names[1]}; '
                'give the arms the same names, in the same order'
            )
        if first.dt_ns != second.dt_ns:
            raise ValueError(
                f'{first.name} is controlled at {first.control_hz:g} Hz, {second.name} at '
                f'{second.control_hz:g} Hz; retarget to a YAML with the same control_hz'
            )
        self._first, self._second = first, second
        self._from, self._to = Kinematics(first), Kinematics(second)

    def __call__(self, episode: Episode) -> Retargeted:
        """Return the episode as the second robot's."""
        position, mm, deg = self._follow(episode.position)
        command, *far = self._follow(episode.command, position)
        mm, deg = np.maximum(mm, far[0]), np.maximum(deg, far[1])
        meta = {**episode.meta, 'retargeted_from': self._first.name, 'source': str(episode.path)}
        moved = replace(
            episode,
            meta=meta,
            position=position,
            velocity=self._velocity(position, episode.velocity),
            command=command,
            proposal=self._proposal(episode, command, position),
            label_at=np.zeros(0, dtype=np.int64),
            labels=np.zeros((0, 2, self._second.size)),
            images={},
            image_age_s={},
        )
        return Retargeted(moved, mm, deg, np.maximum(self._haste(position), self._haste(command)))

    def _follow(
        self, rows: np.ndarray, starts: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """
        Return positions (n, N) of the second robot for rows (n, N) of the first, and errors (n,).

        The search starts at the tick before, or at starts (n, N). Errors are in mm and degrees.
        """
        found = np.tile(self._second.home, (len(rows), 1))
        mm, deg = np.zeros((2, len(rows)))
        for old, new in zip(self._first.arms, self._second.arms, strict=True):
            found[:, new.gripper] = rows[:, old.gripper]
            last = self._second.home
            for i, row in enumerate(rows):
                target = self._from.pose(old.name, row)
                last = self._reach(new, target, last if starts is None else starts[i])
                found[i, new.joints] = last[new.joints]
                off = pin.SE3(self._to.pose(new.name, last)).actInv(pin.SE3(target))
                mm[i] = max(mm[i], 1e3 * float(np.linalg.norm(off.translation)))
                deg[i] = max(deg[i], float(np.degrees(np.linalg.norm(pin.log3(off.rotation)))))
        return found, mm, deg

    def _reach(self, arm: Arm, target: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Return positions (N,) with one arm's hand at target (4, 4), or as near as it gets."""
        home = self._second.home
        joints, left = self._to.solve(arm.name, target, start, rest=home)
        if left > _MET:
            again, less = self._to.solve(arm.name, target, home, _PATIENCE, home)
            joints = again if less < left else joints
        there = home.copy()
        there[arm.joints] = joints
        return there

    def _proposal(self, episode: Episode, command: np.ndarray, position: np.ndarray) -> np.ndarray:
        """Return what the person's hands asked (n, A), NaN where nothing; mostly the command."""
        asked = np.isfinite(episode.proposal).all(1)
        same = asked & (episode.proposal == episode.command).all(1)
        other = asked & ~same
        proposal = np.where(same[:, None], command, np.nan)
        if other.any():
            proposal[other] = self._follow(episode.proposal[other], position[other])[0]
        return proposal

    def _velocity(self, position: np.ndarray, measured: np.ndarray) -> np.ndarray:
        """Return velocities (n, N): of arm joints by differences, of grippers as measured."""
        few = len(position) < 2
        velocity = 0 * position if few else np.gradient(position, self._second.dt_s, axis=0)
        for old, new in zip(self._first.arms, self._second.arms, strict=True):
            velocity[:, new.gripper] = measured[:, old.gripper]
        return velocity

    def _haste(self, rows: np.ndarray) -> np.ndarray:
        """Return the speed of the fastest arm joint (n,) over its limit."""
        speed = np.abs(self._steps(rows)) / (self._second.velocity * self._second.dt_s)
        return np.max([speed[:, arm.joints].max(1) for arm in self._second.arms], axis=0)

    def _steps(self, rows: np.ndarray) -> np.ndarray:
        """Return how far the joints (n, N) have come since the tick before."""
        return np.diff(rows, axis=0, prepend=rows[:1])
