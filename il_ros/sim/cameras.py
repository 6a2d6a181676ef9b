"""Images of the world: EGL where a GPU is present, PyBullet's software renderer elsewhere."""

from typing import Any

import numpy as np

from il_ros.sim.body import Body
from il_ros.spec import Camera

FOV_RAD = 0.96  # vertical, 55 degrees: every camera of the simulation
_NEAR, _FAR = 0.01, 3.0  # [m]


class Renderer:
    """Cameras of one world; each looks along z of the URDF's link <camera>_optical_frame."""

    def __init__(self, client: Any, cameras: tuple[Camera, ...]):
        self._client = client
        self._cameras = {camera.name: camera for camera in cameras}
        self._lens = {
            camera.name: client.computeProjectionMatrixFOV(
                np.degrees(FOV_RAD), camera.width / camera.height, _NEAR, _FAR
            )
            for camera in cameras
        }

    def image(self, name: str, body: Body) -> np.ndarray:
        """Return (H, W, 3) uint8 RGB; ValueError lists the cameras there are."""
        if name not in self._cameras:
            raise ValueError(f'no camera {name!r} in this world; it has {sorted(self._cameras)}')
        camera = self._cameras[name]
        _, _, pixels, _, _ = self._client.getCameraImage(
            camera.width,
            camera.height,
            self._view(body, f'{name}_optical_frame'),
            self._lens[name],
            shadow=0,
            flags=self._client.ER_NO_SEGMENTATION_MASK,
            renderer=self._client.ER_TINY_RENDERER,
        )
        return np.ascontiguousarray(pixels.reshape(camera.height, camera.width, 4)[:, :, :3])

    def _view(self, body: Body, frame: str) -> Any:
        state = self._client.getLinkState(body.id, body.link(frame), computeForwardKinematics=1)
        eye, quaternion = np.array(state[4]), state[5]
        axes = np.reshape(self._client.getMatrixFromQuaternion(quaternion), (3, 3))
        return self._client.computeViewMatrix(eye, eye + axes[:, 2], -axes[:, 1])
