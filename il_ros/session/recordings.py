"""Before a session moves anything: whether what it goes on with is of the robot as it is now."""

from collections.abc import Iterable
from pathlib import Path

from il_ros.calibration import check_recording
from il_ros.recorder.read import NotABag, find_bags, read_meta
from il_ros.spec import RobotSpec


def check_recordings(spec: RobotSpec, folders: Iterable[str]) -> None:
    """
    Look at the newest bag of each folder; one without bags is fine.

    Raises OtherCalibration, with what differs and the remedy: its episodes would not be of a kind.
    """
    for folder in folders:
        try:
            newest = find_bags(Path(folder))[-1]
        except NotABag:
            continue
        check_recording(newest, read_meta(newest), spec)
