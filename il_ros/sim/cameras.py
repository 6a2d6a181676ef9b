"""Images of the world: EGL where a GPU is present, PyBullet's software renderer elsewhere."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import cv2
import numpy as np

from il_ros.robot.kinematics import Kinematics
from il_ros.sim import egl
from il_ros.sim.backdrop import Backdrop
from il_ros.spec import Camera, RobotSpec

FOV_RAD = 0.96  # vertical, 55 degrees: every camera of the simulation
_NEAR, _FAR = 0.01, 3.0  # [m]


class Renderer:
    """Cameras of one world; each looks along z of the URDF's link <camera>_optical_frame."""

    def __init__(
        self, client: Any, spec: RobotSpec, cameras: tuple[Camera, ...], backdrop: Backdrop
    ):
        self._client, self._kinematics, self._backdrop = client, Kinematics(spec), backdrop
        self._renderer = egl.load(client) if cameras else client.ER_TINY_RENDERER
        self._cameras = {camera.name: camera for camera in cameras}
        self._lens = {
            camera.name: client.computeProjectionMatrixFOV(
                np.degrees(FOV_RAD), camera.width / camera.height, _NEAR, _FAR
            )
            for camera in cameras
        }

    def image(self, name: str, position: np.ndarray) -> np.ndarray:
        """Return (H, W, 3) uint8 RGB at joints (N,); ValueError lists the cameras there are."""
        if name not in self._cameras:
            raise ValueError(f'no camera {name!r} in this world; it has {sorted(self._cameras)}')
        camera, view = self._cameras[name], self._view(f'{name}_optical_frame', position)
        with self.aside():
            _, _, pixels, depth, _ = self._client.getCameraImage(
                camera.width,
                camera.height,
                view,
                self._lens[name],
                shadow=0,
                flags=self._client.ER_NO_SEGMENTATION_MASK,
                renderer=self._renderer,
            )
        image = cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)
        self._backdrop.draw(image, depth, view, self._lens[name])
        return image

    def aside(self) -> AbstractContextManager[None]:
        """Return a context that keeps what EGL prints, at any time, off stdout."""
        is_silent = self._renderer == self._client.ER_TINY_RENDERER
        return nullcontext() if is_silent else egl.spoken_aside()

    def _view(self, frame: str, position: np.ndarray) -> Any:
        at = self._kinematics.link(frame, position)
        eye, forward, up = at[:3, 3], at[:3, 2], -at[:3, 1]
        return self._client.computeViewMatrix(eye, eye + forward, up)
