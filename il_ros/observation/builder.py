"""Joints, poses and images arrive when they do; one Observation leaves for each tick."""

from collections import deque
from collections.abc import Sequence

import numpy as np

from il_ros.observation.features import feature
from il_ros.observation.told import DEMONSTRATOR, demonstrator
from il_ros.robot.kinematics import Kinematics
from il_ros.spec import JointSample, Observation, RobotSpec

KEPT_IMAGES = 4  # newest per camera; older ones can no longer be the newest not after a tick


class ObservationBuilder:
    """
    Align what came in to a control tick.

    inputs are names of features; 'objects' and 'grasp' need poses of the tick's own stamp, and
    'demonstrator' is the one that `imitate` names. Nothing is interpolated: an image is the newest
    one not after the tick, its age is told, and one older than max_image_age_s is none.
    """

    def __init__(
        self,
        spec: RobotSpec,
        inputs: Sequence[str],
        cameras: Sequence[str] = (),
        max_image_age_s: float = np.inf,
        imitate: int = 0,
    ):
        known = {camera.name: (camera.height, camera.width) for camera in spec.cameras}
        for name in cameras:
            if name not in known:
                raise ValueError(
                    f'robot {spec.name!r} has no camera {name!r}; it has {list(known)}'
                )
        self.spec = spec
        self.inputs = tuple(inputs)
        self._told = {DEMONSTRATOR: demonstrator(imitate)} if DEMONSTRATOR in inputs else {}
        self.cameras = tuple(cameras)
        self._sizes = {name: known[name] for name in cameras}
        self._max_image_age_s = max_image_age_s
        self.needs_objects = bool({'objects', 'grasp'} & set(inputs))
        self._kinematics = Kinematics(spec)
        self.forget()

    def forget(self) -> None:
        """Drop all that came in: a new episode starts."""
        self._joints: JointSample | None = None
        self._objects: tuple[int, np.ndarray] | None = None
        self._images: dict[str, deque[tuple[int, np.ndarray]]] = {
            name: deque(maxlen=KEPT_IMAGES) for name in self.cameras
        }

    def add_joints(self, sample: JointSample) -> None:
        """Take a joint sample; its stamp is the tick that an observation can be built for."""
        self._joints = sample

    def add_objects(self, stamp_ns: int, poses: np.ndarray) -> None:
        """Take object poses (K, 7) of the task."""
        self._objects = (stamp_ns, poses)

    def add_image(self, camera: str, stamp_ns: int, image: np.ndarray) -> None:
        """
        Take an image (H, W, 3) uint8 RGB; a camera that no policy asked for is ignored.

        Raises ValueError for another size than the robot's YAML says.
        """
        if camera not in self._images:
            return
        if image.shape[:2] != self._sizes[camera]:
            raise ValueError(
                f'camera/{camera}: image of {image.shape[:2]} (height, width), robot '
                f'{self.spec.name!r} has {self._sizes[camera]}; correct its YAML or the camera'
            )
        self._images[camera].append((stamp_ns, image))

    def newest_image_ns(self, camera: str) -> int:
        """Return the stamp of the camera's newest image, -1 when there is none."""
        return self._images[camera][-1][0] if self._images[camera] else -1

    def missing(self, stamp_ns: int) -> list[str]:
        """Return what stands between us and an observation at stamp_ns, by topic."""
        gaps = []
        if self._joints is None or self._joints.stamp_ns != stamp_ns:
            gaps.append('joint_states')
        if self.needs_objects and (self._objects is None or self._objects[0] != stamp_ns):
            gaps.append('task/state')
        for name, images in self._images.items():
            ages_s = [(stamp_ns - taken) * 1e-9 for taken, _ in images if taken <= stamp_ns]
            if not ages_s:
                gaps.append(f'camera/{name}')
            elif min(ages_s) > self._max_image_age_s:
                gaps.append(f'camera/{name} (older than {self._max_image_age_s:g} s)')
        return gaps

    def at(self, stamp_ns: int) -> Observation | None:
        """Return the observation of the tick at stamp_ns, None while anything is missing."""
        if self.missing(stamp_ns) or self._joints is None:
            return None
        poses = self._objects[1] if self._objects is not None else np.zeros((0, 7))
        row = (self._joints.position[None], self._joints.velocity[None], poses[None])
        sensed = [name for name in self.inputs if name not in self._told]
        values = {name: feature(name, self._kinematics, *row)[0] for name in sensed}
        newest = {
            name: max((taken, i) for i, (taken, _) in enumerate(images) if taken <= stamp_ns)
            for name, images in self._images.items()
        }
        return Observation(
            stamp_ns,
            values | self._told,
            {name: self._images[name][i][1] for name, (_, i) in newest.items()},
            {name: (stamp_ns - taken) * 1e-9 for name, (taken, _) in newest.items()},
        )
