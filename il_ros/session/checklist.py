"""A robot's check list: what was heard of it, judged; each line passes, or names the remedy."""

from dataclasses import dataclass, field

import cv2
import numpy as np

from il_ros.calibration import card
from il_ros.spec import RobotSpec

ENOUGH = 0.9  # of the rate that is wanted
AHEAD_S = 0.005  # [s] a stamp may be from the future: clocks are never quite alike
LATE_S = 0.5  # [s] older is no way of a message
OUTSIDE = 0.02  # [rad, opening] beyond a limit, where a joint leans on its stop
MOVED = 0.02  # of an image's width, by which a camera has been moved
ALIKE = 0.05  # of a phase correlation; less is another scene altogether
AT_HOME = 0.05  # [rad] where pictures from home may be compared


@dataclass(frozen=True)
class Finding:
    """What one check found; 'note' is something this machine does without."""

    name: str
    state: str  # 'ok', 'note' or 'broken'
    says: str
    remedy: str = ''


@dataclass
class Heard:
    """A topic as it was heard for a while."""

    name: str
    wanted_hz: float
    came_ns: list[int] = field(default_factory=list)  # by the local clock
    age_s: list[float] = field(default_factory=list)  # of the stamp when it came

    @property
    def hz(self) -> float:
        """The rate at which it came; 0 of what came less than twice."""
        span_ns = self.came_ns[-1] - self.came_ns[0] if len(self.came_ns) > 1 else 0
        return (len(self.came_ns) - 1) * 1e9 / span_ns if span_ns else 0.0


def rate(heard: Heard, remedy: str, absent: str = 'broken') -> Finding:
    """Ask whether a topic comes, and as often as wanted; absent is the state where it does not."""
    if not heard.came_ns:
        return Finding(heard.name, absent, 'nothing heard', remedy)
    says = f'{heard.hz:.1f} Hz of {heard.wanted_hz:g}'
    if heard.hz >= ENOUGH * heard.wanted_hz:
        return Finding(heard.name, 'ok', says)
    slow = 'set the rate in its driver, or what the robot YAML wants; look for load (top)'
    return Finding(heard.name, 'broken', f'too slow: {says}', slow)


def clocks(topics: list[Heard]) -> list[Finding]:
    """Ask of each topic that came whether its stamps are by the clock of this machine."""
    found = []
    for heard in [heard for heard in topics if heard.age_s]:
        age_s = float(np.median(heard.age_s))
        says = f'{heard.name}: {1e3 * age_s:.1f} ms old when it comes'
        if -AHEAD_S <= age_s <= LATE_S:
            continue
        how = 'ahead of' if age_s < 0 else 'behind'
        remedy = 'keep the clocks of all machines together: chrony, or PTP'
        found.append(
            Finding('clock', 'broken', f'{says}: its machine is {how} this one, or late', remedy)
        )
    ages = [1e3 * np.median(heard.age_s) for heard in topics if heard.age_s]
    if ages and not found:
        says = f'stamps are {min(ages):.1f} to {max(ages):.1f} ms old when they come'
        found.append(Finding('clock', 'ok', says))
    return found


def limits(spec: RobotSpec, position: np.ndarray) -> Finding:
    """Ask whether joints (N,) are measured within the URDF's limits."""
    beyond = np.maximum(spec.lower - position, position - spec.upper)
    if (beyond <= OUTSIDE).all():
        least = (-beyond).min()
        name = spec.joint_names[int((-beyond).argmin())]
        return Finding(
            'limits', 'ok', f'all within; nearest is {name}, by {max(least, 0.0) + 0.0:.2f}'
        )
    names = [
        f'{name} by {by:.2f}'
        for name, by in zip(spec.joint_names, beyond, strict=True)
        if by > OUTSIDE
    ]
    remedy = 'il-ros calibrate joints, or correct the limits in the URDF'
    return Finding('limits', 'broken', f'outside: {", ".join(names)}', remedy)


def calibration(spec: RobotSpec) -> Finding:
    """Ask whether anything was measured of this robot."""
    measured = spec.calibration
    missing = [
        step
        for step, has in (
            ('joints', measured.joints),
            ('latency', measured.latency_s),
            ('images', measured.images),
        )
        if not has
    ]
    if not missing:
        return Finding('calibration', 'ok', f'{card(spec)["hash"]}, {measured.file}')
    says = f'{", ".join(missing)} not measured'
    return Finding('calibration', 'note', says, f'il-ros calibrate {missing[0]} --robot YAML')


def camera(name: str, image: np.ndarray, before: np.ndarray | None, away: float) -> Finding:
    """
    Ask whether a camera stands where it stood.

    image, before: (H, W, 3) uint8, now and at the calibration, both from home; None: not taken.
    away: how far [rad] the arms are from home now.
    """
    label = f'{name} view'
    if before is None:
        return Finding(label, 'note', 'no picture to compare with', 'il-ros calibrate images')
    if away > AT_HOME:
        says = f'not compared: the arms are {away:.2f} rad from home'
        return Finding(label, 'note', says, 'il-ros home')
    if image.shape != before.shape:
        says = f'{image.shape[1]}x{image.shape[0]}, was {before.shape[1]}x{before.shape[0]}'
        return Finding(label, 'broken', says, 'set its size, then il-ros calibrate images')
    shift, alike = shifted(before, image)
    says = f'moved by {shift:.1f} px of {image.shape[1]} since it was calibrated'
    remedy = 'put it back: il-ros overlay shows both; or il-ros calibrate images, and train anew'
    if alike < ALIKE:
        return Finding(label, 'broken', 'sees another scene than when it was calibrated', remedy)
    if shift > MOVED * image.shape[1]:
        return Finding(label, 'broken', says, remedy)
    return Finding(label, 'ok', says)


def shifted(before: np.ndarray, now: np.ndarray) -> tuple[float, float]:
    """Return by how much [px] a picture is shifted against another, and how alike they are."""
    then, here = (
        cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64) for image in (before, now)
    )
    window = cv2.createHanningWindow(then.shape[::-1], cv2.CV_64F)
    (x, y), alike = cv2.phaseCorrelate(then, here, window)
    return float(np.hypot(x, y)), float(alike)


def stop(seconds: float | None, crept: float) -> Finding:
    """
    Judge an e-stop that was asked for.

    seconds: until `authority` said so, None: never. crept: how far [rad] the command went on.
    """
    remedy = 'do not go on: see the log of the intervention node'
    if seconds is None:
        return Finding('e-stop', 'broken', 'asked for, and not answered', remedy)
    says = f'answered in {1e3 * seconds:.0f} ms, the command stands; and was cleared'
    if crept > AT_HOME:
        return Finding('e-stop', 'broken', f'the command went on by {crept:.2f} rad', remedy)
    return Finding('e-stop', 'ok', f'{says}. Not safety-rated: try the hardware stop, too')
