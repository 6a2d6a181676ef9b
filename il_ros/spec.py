"""
The nouns. Every shape, unit and order that crosses a folder border is defined here; read it first.

N joints = A action dimensions (14 on the robot in the box), T chunk length, K objects of a task,
H x W pixels. *Inside* the package a joint vector holds arm joints in rad and grippers as an
opening of 0 (closed) to 1 (open); *on the wire* grippers are in joint units too. RobotSpec
converts.
"""

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import cached_property
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Arm:
    """One arm's place in every joint vector of the robot."""

    name: str  # 'left'
    joints: slice  # arm joints, base to wrist [rad]
    gripper: slice  # opening, 0 closed .. 1 open

    @property
    def all(self) -> slice:
        """The arm's joints and its gripper."""
        return slice(self.joints.start, self.gripper.stop)


@dataclass(frozen=True)
class Camera:
    """One camera as configured: what the robot publishes and what a policy is given."""

    name: str  # 'cam_high'
    width: int  # [px]
    height: int  # [px]
    rate_hz: float


@dataclass(frozen=True)
class CommandTopic:
    """Where commands go: a topic, its message type, and the joints that it carries, in order."""

    topic: str  # relative to the robot's namespace
    type: str  # 'trajectory_msgs/msg/JointTrajectory' or 'std_msgs/msg/Float64MultiArray'
    joints: tuple[str, ...]


@dataclass(frozen=True)
class Safety:
    """What the arms keep away from, from the robot's YAML; lengths in the URDF's root frame."""

    distance: float = 0.005  # [m] between the shapes of two arms, and to what the URDF fixes
    table: float | None = None  # [m] height of the table, None where there is none
    table_distance: float = 0.001  # [m] between a shape and the table
    approach_s: float = 0.06  # nobody comes nearer faster than the room left within this time
    lag: float = 0.15  # [rad] a joint so far behind its command holds the arms; half of it slows
    effort: float = 1.0  # the same for a share of the URDF's effort
    workspace: dict[str, tuple[float, ...]] = field(
        default_factory=dict
    )  # arm -> x, y, z from, to


@dataclass(frozen=True)
class Calibration:
    """How the robot's driver and sensors count, as `il-ros calibrate` has measured it."""

    joints: dict[str, tuple[float, float]] = field(
        default_factory=dict
    )  # name -> sign, offset [rad, m]: the driver says sign * the URDF's + offset
    latency_s: dict[str, float] = field(default_factory=dict)  # camera, or 'motion' -> [s]
    images: dict[str, str] = field(default_factory=dict)  # camera -> picture from the home pose
    accepts: tuple[str, ...] = ()  # other calibrations, by hash, whose recordings are as good
    file: str = ''  # that it was read from


@dataclass(frozen=True, eq=False)
class RobotSpec:
    """What a robot is, from config/robots/<name>.yaml and its URDF; arrays are inside units."""

    name: str
    urdf: str  # the URDF's text
    joint_names: tuple[str, ...]  # (N,) the order of every joint vector
    arms: tuple[Arm, ...]  # left, then right
    cameras: tuple[Camera, ...]
    control_hz: float
    lower: np.ndarray  # (N,) position limits [rad, opening]
    upper: np.ndarray  # (N,)
    velocity: np.ndarray  # (N,) [rad/s, opening/s]
    acceleration: np.ndarray  # (N,) [rad/s^2, ...]
    jerk: np.ndarray  # (N,) [rad/s^3, ...]
    effort: np.ndarray  # (N,) [Nm, N], the URDF's joint units
    home: np.ndarray  # (N,) where an episode starts
    joint_scale: np.ndarray  # (N,) the URDF's joint units per inside unit; 1 for arm joints
    joint_offset: np.ndarray  # (N,) the URDF's joint units at inside 0
    joint_state_topics: tuple[str, ...] = ('joint_states',)
    command_topics: tuple[CommandTopic, ...] = ()
    guide_topics: dict[str, str] = field(default_factory=dict)  # arm -> what frees it for a hand
    safety: Safety | None = None  # None: limits of joints only
    calibration: Calibration = field(default_factory=Calibration)  # as in the URDF, without one

    def __deepcopy__(self, memo: dict[int, Any]) -> 'RobotSpec':
        """Nothing in it ever changes."""
        return self

    @cached_property
    def dt_ns(self) -> int:
        """One control period [ns]."""
        return round(1e9 / self.control_hz)

    @cached_property
    def dt_s(self) -> float:
        """One control period [s]."""
        return self.dt_ns * 1e-9

    @cached_property
    def size(self) -> int:
        """N, the number of joints, which is A, the number of action dimensions."""
        return len(self.joint_names)

    def arm(self, name: str) -> Arm:
        """Return the arm called name; ValueError lists the arms there are."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise ValueError(f'{self.name} has no arm {name!r}; it has {[a.name for a in self.arms]}')

    @cached_property
    def driver_sign(self) -> np.ndarray:
        """(N,) 1, or -1 where the driver counts a joint the other way round than the URDF."""
        given = self.calibration.joints
        return np.array([given.get(name, (1.0, 0.0))[0] for name in self.joint_names])

    @cached_property
    def wire_scale(self) -> np.ndarray:
        """(N,) the driver's joint units per inside unit."""
        return self.driver_sign * self.joint_scale

    @cached_property
    def wire_offset(self) -> np.ndarray:
        """(N,) the driver's joint units at inside 0."""
        given = self.calibration.joints
        offset = np.array([given.get(name, (1.0, 0.0))[1] for name in self.joint_names])
        return self.driver_sign * self.joint_offset + offset

    def to_joint(self, vector: np.ndarray) -> np.ndarray:
        """Inside positions (..., N) -> the URDF's joint units."""
        return vector * self.joint_scale + self.joint_offset

    def from_joint(self, vector: np.ndarray) -> np.ndarray:
        """Positions in the URDF's joint units (..., N) -> inside units, as from_wire."""
        return ((vector - self.joint_offset) / self.joint_scale).round(12)

    def to_wire(self, vector: np.ndarray) -> np.ndarray:
        """Inside positions (..., N) -> joint units as the driver counts them."""
        return vector * self.wire_scale + self.wire_offset

    def from_wire(self, vector: np.ndarray) -> np.ndarray:
        """
        Positions as the driver counts them (..., N) -> inside units.

        To 1e-12, so that a value that has crossed the wire once crosses it again unchanged.
        """
        return ((vector - self.wire_offset) / self.wire_scale).round(12)


def of_arm(arm: Arm, vector: np.ndarray) -> np.ndarray:
    """View of vector (..., N) that belongs to one arm: joints, then gripper."""
    return vector[..., arm.all]


@dataclass(frozen=True)
class JointSample:
    """The robot's joints as measured at one instant, in RobotSpec order and inside units."""

    stamp_ns: int
    position: np.ndarray  # (N,) [rad, opening]
    velocity: np.ndarray  # (N,) [rad/s, opening/s]
    effort: np.ndarray  # (N,) [Nm, N]


@dataclass(frozen=True, eq=False)
class Wrench:
    """How a hand pushes at a link of the robot: at the link's origin, in the link's axes."""

    stamp_ns: int
    link: str  # of the URDF
    force: np.ndarray  # (3,) [N]
    torque: np.ndarray  # (3,) [Nm]


@dataclass(frozen=True)
class Observation:
    """What the policy may see at one control tick."""

    stamp_ns: int  # the tick, ROS clock
    values: dict[str, np.ndarray]  # 'position' (N,), 'velocity' (N,), 'objects' (K, 7) ...
    images: dict[str, np.ndarray] = field(default_factory=dict)  # name -> (H, W, 3) uint8 RGB
    image_age_s: dict[str, float] = field(default_factory=dict)  # of the newest not after the tick


@dataclass(frozen=True)
class Reading:
    """What one of a policy's scores says of a plan, and how much of it counts as much."""

    value: float
    high: float = float('nan')  # above it a person is called; NaN: it was not calibrated
    low: float = float('nan')  # at or below it all is well again


@dataclass(frozen=True)
class ActionChunk:
    """A policy's plan: row i is the target for stamp_ns + (i + 1) * dt."""

    stamp_ns: int  # of the observation it was planned from
    targets: np.ndarray  # (T, A) [rad, opening]
    version: str = ''  # of the policy that planned it
    scores: dict[str, Reading] = field(default_factory=dict)  # how much a person may be wanted


class Told(IntEnum):
    """What a person who does not have an arm says to be learned of it."""

    NOTHING = 0
    WHERE = 1  # where it should be one period later
    HOW_FAST = 2  # the same, counted from the command of this tick: a velocity


UNTOLD = -1  # a proposal's told_ns where it is not recorded at all


@dataclass(frozen=True)
class Proposal:
    """What a person's hands ask of the robot at one tick, resolved to joints."""

    stamp_ns: int
    target: np.ndarray  # (A,) [rad, opening], to be reached one period later
    engaged: tuple[
        bool, ...
    ]  # per arm, left then right: dead-man held, so the hands are in control
    source: str = 'leader'  # its entry in config/arbiter.yaml
    told_ns: int | None = None  # the tick that it is recorded for; None: that it is offered at
    labels: tuple[Told, ...] = ()  # per arm: not in control, but said to be learned from; () none


class Who(str, Enum):
    """Who commands an arm."""

    POLICY = 'policy'
    HUMAN = 'human'
    HOLD = 'hold'
    ESTOP = 'estop'


@dataclass(frozen=True)
class Authority:
    """Who commands one arm at one tick, and why."""

    who: Who
    why: str  # 'dead-man', 'no fresh chunk', 'estop: button' ...
    since_ns: int
    operator: str = ''
    policy_version: str = ''
    gate_score: float = float('nan')
    awaits_ns: int = -1  # a plan from an observation not before it is wanted; -1: none is


@dataclass(frozen=True)
class Decision:
    """The arbiter's word for one tick: THE command, and who is behind it, arm by arm."""

    stamp_ns: int
    command: np.ndarray  # (A,) [rad, opening], to be reached one period later
    authority: tuple[Authority, ...]  # left, right


@dataclass(frozen=True)
class Outcome:
    """How the task stands, judged from physics."""

    stamp_ns: int
    state: str  # 'running', 'success' or 'failure'
    reason: str = ''  # failure kind: 'never grasped', 'dropped', 'missed the bin', 'time out'
    elapsed_s: float = 0.0
    moment_s: float | None = None  # of a failure: when it came about, such as when the block fell
    cost: float = 0.0  # so far, of a task that has one, such as ticks in which a wire is touched

    @property
    def is_over(self) -> bool:
        """Whether the episode has ended."""
        return self.state != 'running'


@dataclass(frozen=True)
class Step:
    """One turn of the loop, complete: what a recorder or a video subscribes to."""

    observation: Observation
    joints: JointSample
    chunk: ActionChunk | None  # published at this tick, None when none was due
    proposal: Proposal | None  # the person's, whether executed or not
    decision: Decision
    outcome: Outcome
    objects: np.ndarray = field(default_factory=lambda: np.zeros((0, 7)))  # (K, 7) xyz, xyzw
    frames: dict[str, bytes] = field(default_factory=dict)  # camera -> serialized image, when due
    label: ActionChunk | None = None  # what an expert would have done from here (DAgger)
