"""One camera of a bag, a row a control tick: decoded frame by frame, so that memory stays flat."""

from pathlib import Path

import cv2
import numpy as np

from il_ros import wire
from il_ros.observation.images import TRANSPORTS, decode
from il_ros.recorder.read import read_bag


class ImageRows:
    """
    The images of one camera, known by their stamps until `write` decodes them.

    Raises ValueError, naming the cameras there are, when the bag has none of this one.
    """

    def __init__(self, folder: Path, camera: str, size: tuple[int, int] | None = None):
        self.folder = folder
        self.camera = camera
        self.size = size  # (width, height) [px], None as recorded
        known = {wire.image_topic(camera, transport).name for transport in TRANSPORTS}
        stamps: dict[str, list[int]] = {}
        for topic, kind, _, data in read_bag(folder, known):
            stamps.setdefault(topic, []).append(_stamp_ns(kind, data))
        if not stamps:
            raise ValueError(
                f'{folder}: no images of camera {camera!r}; it has {_cameras(folder)}'
            )
        self.topic = max(stamps, key=lambda topic: len(stamps[topic]))  # both raw and compressed?
        self.stamps = np.unique(stamps[self.topic])  # (m,) [ns]

    def newest(self, ticks: np.ndarray) -> np.ndarray:
        """Return for each tick (n,) [ns] the newest image not after it by number, or -1."""
        return np.searchsorted(self.stamps, ticks, side='right') - 1

    def age_s(self, ticks: np.ndarray) -> np.ndarray:
        """Return the age (n,) [s] at each tick of the image that belongs to it."""
        return (ticks - self.stamps[self.newest(ticks)]) * 1e-9

    def write(self, ticks: np.ndarray, into: Path | None = None) -> np.ndarray:
        """
        Return the images (n, H, W, 3) uint8 RGB at the ticks, every one of which must have one.

        They lie in a file in the folder into, or without it in memory.
        """
        newest = self.newest(ticks)
        rows: np.ndarray | None = None
        for _, kind, _, data in read_bag(self.folder, {self.topic}):
            number = np.searchsorted(self.stamps, _stamp_ns(kind, data))
            first, last = np.searchsorted(newest, [number, number + 1])
            if first == last:
                continue  # no tick saw it
            image = self._sized(decode(kind, data)[1])
            if rows is None:
                rows = self._room((len(ticks), *image.shape), into)
            if image.shape != rows.shape[1:]:
                raise ValueError(f'{self.folder}: {self.topic} changes its size to {image.shape}')
            rows[first:last] = image
        assert rows is not None  # the caller kept ticks that have an image
        return rows

    def _sized(self, image: np.ndarray) -> np.ndarray:
        """Return the image in the size that was asked for."""
        if self.size is None or image.shape[1::-1] == self.size:
            return image
        return cv2.resize(image, self.size, interpolation=cv2.INTER_AREA)

    def _room(self, shape: tuple[int, ...], into: Path | None) -> np.ndarray:
        """Return zeros of a shape, in a file when there is a folder for it."""
        if into is None:
            return np.zeros(shape, dtype=np.uint8)
        path = into / f'images.{self.camera}.npy'
        return np.lib.format.open_memmap(path, mode='w+', dtype=np.uint8, shape=shape)


def _stamp_ns(kind: str, data: bytes) -> int:
    """Return when an image was taken [ns]."""
    stamp_ns = wire.stamp_ns_of(kind, data)
    assert stamp_ns is not None, kind  # both types of image have a header
    return stamp_ns


def _cameras(folder: Path) -> list[str]:
    """Return the names of the cameras whose images are in a bag."""
    topics = {topic for topic, kind, _, _ in read_bag(folder) if 'Image' in kind}
    return sorted({topic.split('/')[1] for topic in topics if topic.startswith('camera/')})
