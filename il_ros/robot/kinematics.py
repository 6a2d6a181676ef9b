"""Where the grippers are, how they move, and which joints bring them somewhere: Pinocchio."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pinocchio as pin
from eigenpy import LDLT

from il_ros.spec import RobotSpec

_DAMPING = 1e-6 * np.eye(6)  # a target out of reach is approached, not jumped at
_STEP = 0.5  # [rad] the longest step of one iteration, joint by joint
_CLOSE = 1e-4  # [m, rad] counts as met
_SETTLED = 1e-3  # [rad] an elbow this close to where it rests stays
_FREE = 6  # joints that a pose takes; an arm with more can swing its elbow


@dataclass(frozen=True, eq=False)
class _Chain:
    """One arm alone, as Pinocchio sees it."""

    model: pin.Model
    data: pin.Data
    frame: int  # of the grasp point
    order: np.ndarray  # (n,) places of the model's joints in the robot's joint vector
    back: np.ndarray  # (n,) places of the arm's joints in the model's


class Kinematics:
    """
    Forward, differential and inverse kinematics of each arm's grasp point, the link `<arm>_grasp`.

    Poses are (4, 4) in the URDF's root frame; position vectors are (N,) in RobotSpec order.
    Not for use by two threads at once. ValueError when the URDF lacks a joint or the grasp link.
    """

    def __init__(self, spec: RobotSpec):
        self.spec = spec
        whole = pin.buildModelFromXML(spec.urdf)
        self._whole, self._whole_data = whole, whole.createData()
        self._chains = {arm.name: _chain(whole, spec, arm.name) for arm in spec.arms}

    def __deepcopy__(self, memo: dict[int, Any]) -> 'Kinematics':
        """All that changes in it is scratch."""
        return self

    def base(self, arm_name: str) -> np.ndarray:
        """Return where the arm's first joint stands (3,) [m]."""
        return self._chains[arm_name].model.jointPlacements[1].translation.copy()

    def link(self, name: str, position: np.ndarray) -> np.ndarray:
        """
        Return the pose (4, 4) of any link at joint positions (N,); ValueError if there is none.

        Of the joints only those of the arms count: where fingers are is not known here.
        """
        model, data = self._whole, self._whole_data
        if not model.existFrame(name):
            raise ValueError(f'{self.spec.name}: the URDF has no link {name!r}')
        joints = pin.neutral(model)
        for arm in self.spec.arms:
            names = self.spec.joint_names[arm.joints]
            places = [model.joints[model.getJointId(joint)].idx_q for joint in names]
            joints[places] = position[arm.joints]
        pin.framesForwardKinematics(model, data, joints)
        return data.oMf[model.getFrameId(name)].homogeneous

    def pose(self, arm_name: str, position: np.ndarray) -> np.ndarray:
        """Return the pose (4, 4) of the arm's grasp point at joint positions (N,)."""
        chain = self._chains[arm_name]
        return _placement(chain, position[chain.order]).homogeneous

    def jacobian(self, arm_name: str, position: np.ndarray) -> np.ndarray:
        """Return (6, n): the grasp point's linear and angular velocity, world axes, per joint."""
        chain = self._chains[arm_name]
        axes = pin.ReferenceFrame.LOCAL_WORLD_ALIGNED
        joints = position[chain.order]
        full = pin.computeFrameJacobian(chain.model, chain.data, joints, chain.frame, axes)
        return full[:, chain.back]

    def solve(
        self,
        arm_name: str,
        target: np.ndarray,
        position: np.ndarray,
        iterations: int = 20,
        rest: np.ndarray | None = None,
    ) -> tuple[np.ndarray, float]:
        """
        Return the arm's joints (n,) that bring it to target (4, 4), and the error left.

        The search starts at position (N,). The error is a norm [m, rad]; joint limits are kept.
        Of the answers that an arm of more than six joints has it is the one nearest to rest (N,),
        where that is given, and else near the start.
        Source: damped least squares and the null space, Nakamura and Hanafusa 1986.
        """
        chain = self._chains[arm_name]
        model, data, frame = chain.model, chain.data, chain.frame
        goal, joints = pin.SE3(target), position[chain.order]
        resting = None if rest is None or model.nq <= _FREE else rest[chain.order]
        for _ in range(iterations):
            error = _error(chain, goal, joints)  # (6,)
            is_met = error @ error < _CLOSE**2
            if is_met and resting is None:
                break
            jacobian = pin.computeFrameJacobian(model, data, joints, frame)  # (6, n), local axes
            inverse = LDLT(jacobian @ jacobian.T + _DAMPING)
            step = jacobian.T @ inverse.solve(error)
            if resting is not None:
                swing = resting - joints
                swing -= jacobian.T @ inverse.solve(jacobian @ swing)  # the hand stays
                if is_met and np.abs(swing).max() < _SETTLED:
                    break
                step = step + swing
            joints = joints + step.clip(-_STEP, _STEP)
            joints = joints.clip(model.lowerPositionLimit, model.upperPositionLimit)
        else:
            error = _error(chain, goal, joints)
        return joints[chain.back], math.sqrt(error @ error)


def _error(chain: _Chain, goal: pin.SE3, joints: np.ndarray) -> np.ndarray:
    """What is left to the goal (6,) [m, rad], in the grasp point's own axes."""
    return pin.log6(_placement(chain, joints).actInv(goal)).vector


def _placement(chain: _Chain, joints: np.ndarray) -> pin.SE3:
    """Where the grasp point is; good until the next call."""
    pin.forwardKinematics(chain.model, chain.data, joints)
    return pin.updateFramePlacement(chain.model, chain.data, chain.frame)


def _chain(whole: pin.Model, spec: RobotSpec, arm_name: str) -> _Chain:
    """Lock every joint that is not the arm's."""
    names = spec.joint_names[spec.arm(arm_name).joints]
    if missing := [name for name in names if not whole.existJointName(name)]:
        raise ValueError(f'{spec.name}: the URDF has no joints {missing}')
    if not whole.existFrame(f'{arm_name}_grasp'):
        raise ValueError(
            f'{spec.name}: the URDF has no link {arm_name}_grasp; '
            'add one between the finger pads, x forward, y the closing direction'
        )
    locked = [whole.getJointId(name) for name in whole.names[1:] if name not in names]
    model = pin.buildReducedModel(whole, locked, pin.neutral(whole))
    ordered = list(model.names)[1:]
    return _Chain(
        model=model,
        data=model.createData(),
        frame=model.getFrameId(f'{arm_name}_grasp'),
        order=np.array([spec.joint_names.index(name) for name in ordered]),
        back=np.array([ordered.index(name) for name in names]),
    )
