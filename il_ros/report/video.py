"""Episodes as MP4: two cameras side by side, and underneath who was in control of which arm."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import av
import cv2
import numpy as np

from il_ros.report.curves import Curve, lanes
from il_ros.report.strip import GROUND, strip, with_cursor

HEIGHT = 300  # [px] of each camera's picture; small training images are magnified to it
GAP = 4  # [px] between the cameras
STRIP_HEIGHT = 64  # [px]


def write_video(path: str | Path, frames: Iterable[np.ndarray], fps: float) -> int:
    """
    Write frames (H, W, 3) uint8 RGB as H.264 in an MP4 that browsers play; return how many.

    Odd sizes are cropped by a pixel, as yuv420p halves the colour planes. Nothing is left behind
    when the frames end in an error. Raises ValueError when there are none.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f'.{path.name}.part')
    try:
        count = _encode(part, iter(frames), fps)
        if not count:
            raise ValueError(f'{path}: no frames to write a video from')
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return count


def _encode(path: Path, frames: Iterator[np.ndarray], fps: float) -> int:
    """Encode frames into path; return their number."""
    count = 0
    with av.open(str(path), 'w', format='mp4', options={'movflags': 'faststart'}) as container:
        stream = container.add_stream('libx264', rate=Fraction(fps).limit_denominator(1000))
        stream.pix_fmt = 'yuv420p'
        stream.options = {'crf': '23', 'preset': 'veryfast'}
        for count, frame in enumerate(frames, 1):
            even = np.ascontiguousarray(frame[: len(frame) // 2 * 2, : frame.shape[1] // 2 * 2])
            if count == 1:
                stream.height, stream.width = even.shape[:2]
            container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format='rgb24')))
        if count:
            container.mux(stream.encode(None))
    return count


def episode_video(
    path: str | Path,
    frames_left: Iterable[np.ndarray],
    frames_right: Iterable[np.ndarray],
    who: np.ndarray,
    fps: float,
    arms: Sequence[str] = ('left', 'right'),
    curves: Sequence[Curve] = (),
) -> int:
    """
    Write two cameras' frames side by side over the strip of who (n, arms); return the frame count.

    Frame i of both cameras belongs to row i of who. curves, of any number of rows over the same
    time, come in between. Raises ValueError when the lengths differ.
    """
    return write_video(path, episode_frames(frames_left, frames_right, who, arms, curves), fps)


def episode_frames(
    frames_left: Iterable[np.ndarray],
    frames_right: Iterable[np.ndarray],
    who: np.ndarray,
    arms: Sequence[str] = ('left', 'right'),
    curves: Sequence[Curve] = (),
) -> Iterator[np.ndarray]:
    """Yield the composed frames (H, W, 3) uint8 of episode_video, one a row of who (n, arms)."""
    bar: np.ndarray | None = None
    for i, left, right in zip_longest(range(len(who)), frames_left, frames_right):
        if i is None or left is None or right is None:
            raise ValueError(f'{len(who)} rows of authority need as many frames from each camera')
        gap = np.full((HEIGHT, GAP, 3), GROUND, dtype=np.uint8)
        cameras = np.hstack([magnified(left), gap, magnified(right)])
        if bar is None:
            width = cameras.shape[1]
            bar = np.vstack([lanes(curves, width), strip(who, width, STRIP_HEIGHT, arms)])
        yield np.vstack([cameras, with_cursor(bar, i / max(len(who) - 1, 1))])


def magnified(image: np.ndarray, height: int = HEIGHT) -> np.ndarray:
    """Return image (H, W, 3) scaled to a height [px], its width even."""
    width = round(image.shape[1] * height / image.shape[0] / 2) * 2
    way = cv2.INTER_CUBIC if height > image.shape[0] else cv2.INTER_AREA
    return cv2.resize(np.ascontiguousarray(image), (width, height), interpolation=way)
