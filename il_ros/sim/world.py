"""The PyBullet world: one robot, one task, one 20 ms tick a step. Same seed, same bytes."""

from dataclasses import dataclass, replace
from typing import Any
from weakref import finalize

import numpy as np

from il_ros.sim import snapshot
from il_ros.sim.body import Body
from il_ros.sim.bullet import connect
from il_ros.sim.cameras import Renderer
from il_ros.sim.snapshot import Snapshot
from il_ros.sim.tasks.base import Scene, Task
from il_ros.sim.touch import Compliance, Touch
from il_ros.spec import Camera, JointSample, Outcome, RobotSpec

PHYSICS_HZ = 200.0
NOBODY = Touch()
# of the contact solver: blocks slip with 16. With 25 servos lag by up to 0.02 rad at their speed
# limit, and then brake at 1.7 times that of acceleration; with 50 by 2 mrad, and 1.02 times
ITERATIONS = 50
GRAVITY = -9.81  # [m/s^2]


@dataclass(frozen=True, eq=False)
class Saved:
    """A state of one world to go back to; good until the world's next reset."""

    build: int  # which reset it belongs to
    bullet: Snapshot
    tick: int
    setpoint: np.ndarray
    task: Any
    outcome: Outcome


class World:
    """
    A robot and a task in PyBullet. `reset` before anything else.

    Time is integer nanoseconds, tick * dt; it goes on counting over resets. Vectors are (N,) in
    RobotSpec order, arm joints in rad, grippers as an opening 0..1.
    """

    def __init__(
        self,
        spec: RobotSpec,
        task: Task,
        cameras: tuple[Camera, ...] = (),
        has_window: bool = False,
    ):
        self.spec, self.task, self.cameras = spec, task, cameras
        self._client = connect(has_window)
        self._renderer = Renderer(self._client, spec, cameras, task.backdrop)
        self._substeps = max(1, round(PHYSICS_HZ / spec.control_hz))
        self._built: Scene | None = None
        self._compliance: Compliance | None = None  # made for the first hand of a scene
        self._tick = 0
        self._builds = 0

    @property
    def now_ns(self) -> int:
        """The tick that the state belongs to [ns]."""
        return self._tick * self.spec.dt_ns

    def reset(self, seed: int) -> None:
        """Build the scene anew from seed; the state is that of a new tick."""
        rng = np.random.default_rng(seed)
        if self._builds:  # on a whole second: cameras then see the same ticks of every episode
            second = round(self.spec.control_hz)
            self._tick += second - self._tick % second
        self._builds += 1
        self._start = self._tick
        self._setpoint = np.clip(
            self.spec.home + self.task.start_noise(self.spec, rng),
            self.spec.lower,
            self.spec.upper,
        )
        self._built = self._build(rng)
        self._outcome = Outcome(self.now_ns, 'running')

    def joints(self) -> JointSample:
        """Return what the joint sensors measure at now_ns."""
        sample = self._scene.body.sample(self.now_ns)
        if self._compliance is None or not self._touch.free:
            return sample
        return replace(sample, effort=sample.effort + self._compliance.torque)

    def objects(self) -> np.ndarray:
        """Return the poses (K, 7) of task.object_names: xyz [m], quaternion xyzw."""
        return self.task.objects(self._scene)

    def outcome(self) -> Outcome:
        """Return how the task stands at now_ns; once over, it stays so until the next reset."""
        return self._outcome

    def image(self, camera: str) -> np.ndarray:
        """Return what a camera sees now, (H, W, 3) uint8 RGB; ValueError for one not asked for."""
        return self._renderer.image(camera, self.joints().position)

    def step(self, command: np.ndarray | None, touch: Touch = NOBODY) -> None:
        """
        Go on by one tick, the servos moving to command (A,); None means hold the last one.

        touch: what a person's hand does meanwhile; where an arm is free for it, the command is of
        no concern, and the servos go on from where the hand leaves it.
        ValueError for a wrong shape or a number that is not finite: nothing moves then.
        """
        target = self._setpoint if command is None else self._checked(command)
        compliance = None if touch is NOBODY else self._touched(touch)
        start, span = self._setpoint, self.spec.dt_s
        rate = (target - start) / span
        moments = span * np.arange(self._substeps) / self._substeps  # [s]
        body = self._scene.body
        # where the servos are to be, and how fast: with both, tracking has no lag
        velocities = body.servo_velocities(rate)
        for positions in body.servo_positions(start + rate * moments[:, None]):
            body.drive(positions, velocities)
            if compliance is not None:
                compliance.act(touch)
            self._client.stepSimulation()
        self._touch = touch
        self._setpoint = self._left(touch, target) if touch.free else target
        self._tick += 1
        self._judge()

    def save(self) -> Saved:
        """Return the present state for `restore`; what it takes is freed with it."""
        saved = Saved(
            self._builds,
            snapshot.save(self._client),
            self._tick,
            self._setpoint,
            self.task.save(),
            self._outcome,
        )
        finalize(saved, self._free, saved.build, saved.bullet.id).atexit = False
        return saved

    def restore(self, saved: Saved) -> None:
        """Go back to a saved state, time included; what follows is the same, bit for bit."""
        if saved.build != self._builds:
            raise ValueError('this state was saved before the last reset of the world')
        snapshot.restore(self._client, saved.bullet)
        self._tick, self._setpoint = saved.tick, saved.setpoint
        self.task.restore(saved.task)
        self._outcome = saved.outcome

    def show(self, position: np.ndarray, objects: np.ndarray) -> None:
        """Place joints (N,) and objects (K, 7) without physics, to render another's state."""
        self._scene.body.put(position)
        self.task.place(self._scene, objects)

    def close(self) -> None:
        """End the physics client."""
        self._built, self._builds = None, self._builds + 1
        with self._renderer.aside():
            self._client.disconnect()

    def _touched(self, touch: Touch) -> Compliance:
        """Begin a tick with a hand at the robot; ValueError for what it cannot touch."""
        if self._compliance is None:
            self._compliance = Compliance(self._client, self._scene.body, self.spec)
        self._compliance.begin(touch)
        return self._compliance

    def _left(self, touch: Touch, target: np.ndarray) -> np.ndarray:
        """Return where servos go on from: target (N,), but where a hand has left the free arms."""
        at, found = self._scene.body.sample(self.now_ns).position, target.copy()
        for name in touch.free:
            joints = self.spec.arm(name).joints
            found[joints] = at[joints]
        return found

    def _free(self, build: int, bullet: int) -> None:
        if build == self._builds:
            self._client.removeState(bullet)

    @property
    def _scene(self) -> Scene:
        if self._built is None:
            raise RuntimeError('the world is empty: reset it first')
        return self._built

    def _build(self, rng: np.random.Generator) -> Scene:
        client = self._client
        client.resetSimulation()  # also what Bullet caches between steps
        client.setGravity(0, 0, GRAVITY)
        client.setPhysicsEngineParameter(
            fixedTimeStep=self.spec.dt_s / self._substeps,
            numSolverIterations=ITERATIONS,
            deterministicOverlappingPairs=1,
        )
        scene = Scene(client, Body(client, self.spec, self._setpoint))
        self._compliance = None
        self._touch = NOBODY
        self.task.build(scene, rng)
        return scene

    def _checked(self, command: np.ndarray) -> np.ndarray:
        command = np.asarray(command, dtype=np.float64)
        if command.shape != (self.spec.size,):
            raise ValueError(f'command of shape {command.shape}, expected ({self.spec.size},)')
        if not np.isfinite(command).all():
            bad = [self.spec.joint_names[i] for i in np.flatnonzero(~np.isfinite(command))]
            raise ValueError(f'command is not finite for {bad}')
        return np.clip(command, self.spec.lower, self.spec.upper)

    def _judge(self) -> None:
        elapsed_s = (self._tick - self._start) * self.spec.dt_s
        if not self._outcome.is_over:
            found = self.task.judge(self._scene, elapsed_s)
            told = (found.state, found.reason, elapsed_s, found.moment_s, found.cost)
            self._outcome = Outcome(self.now_ns, *told)
