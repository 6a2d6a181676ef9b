"""Images as they travel: raw, or as JPEG or PNG; a policy sees what the transport left of them."""

import cv2
import numpy as np

from il_ros import wire
from il_ros.spec import Camera

TRANSPORTS = ('jpeg', 'png', 'raw')
JPEG_QUALITY = 90


def kind(transport: str) -> str:
    """Return the message type that carries images of a transport."""
    return wire.image_topic('', transport).type


def frame_of(camera: str) -> str:
    """Return the URDF's link that a camera's images are in: z forward, x right."""
    return f'{camera}_optical_frame'


def encode(stamp_ns: int, camera: str, image: np.ndarray, transport: str) -> bytes:
    """Image (H, W, 3) uint8 RGB -> the bytes of an Image (raw) or CompressedImage (jpeg, png)."""
    frame = frame_of(camera)
    if transport == 'raw':
        return wire.image_msg(stamp_ns, frame, image)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if transport == 'jpeg' else []
    done, data = cv2.imencode(f'.{transport}', bgr, options)
    if not done:
        raise ValueError(f'camera {camera}: cannot encode as {transport!r}; know {TRANSPORTS}')
    return wire.compressed_msg(stamp_ns, frame, transport, data.reshape(-1))


def decode(kind: str, data: bytes) -> tuple[int, np.ndarray]:
    """Bytes of Image or CompressedImage -> stamp [ns] and image (H, W, 3) uint8 RGB."""
    message = wire.from_bytes(kind, data)
    stamp_ns = wire.ns_of(message.header.stamp)
    if kind.endswith('/CompressedImage'):
        bgr = cv2.imdecode(np.asarray(message.data), cv2.IMREAD_COLOR)
        if bgr is None:
            raise ValueError(
                f'{message.header.frame_id}: cannot decode a {message.format!r} image'
            )
        return stamp_ns, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    if message.encoding not in ('rgb8', 'bgr8'):
        raise ValueError(
            f'{message.header.frame_id}: encoding {message.encoding!r}, need rgb8 or bgr8'
        )
    rows = np.asarray(message.data).reshape(message.height, message.step)
    image = rows[:, : 3 * message.width].reshape(message.height, message.width, 3)
    return stamp_ns, image if message.encoding == 'rgb8' else image[..., ::-1]


def is_due(camera: Camera, stamp_ns: int, dt_ns: int) -> bool:
    """Whether a simulated camera takes an image at this tick: rate_hz, on the tick's grid."""
    frame = int(stamp_ns * camera.rate_hz // 1e9)
    return frame != int((stamp_ns - dt_ns) * camera.rate_hz // 1e9)
