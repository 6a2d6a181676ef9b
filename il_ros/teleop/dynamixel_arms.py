"""Leader arms of Dynamixel servos, the GELLO and ALOHA kind; they may be pulled gently."""

from math import pi

import numpy as np

from il_ros.spec import RobotSpec
from il_ros.teleop.dynamixel_bus import (
    GOAL_POSITION,
    GOAL_PWM,
    OPERATING_MODE,
    PRESENT_POSITION,
    TORQUE_ENABLE,
    BusError,
    DynamixelBus,
)
from il_ros.teleop.leader_arms import NoReading
from il_ros.teleop.leader_config import LeaderConfig
from il_ros.teleop.leader_map import LeaderMap

TURN = 4096  # counts
MIDDLE = 2048  # counts at 0 rad
POSITION_MODE = 3
FULL_PWM = 885


class DynamixelArms:
    """
    One bus for each port; joints in the order of LeaderMap.names, in rad from the servos' middle.

    Servos are limp until they are driven: then in position mode, with no more than the share
    `drive` of full PWM, which a hand overcomes.
    """

    is_held = True  # for all that they can tell

    def __init__(self, spec: RobotSpec, config: LeaderConfig):
        self._drive = config.drive
        self._ids = _ids(spec, config)  # (M,) of (port, id)
        self._is_pulled = np.zeros(len(self._ids), dtype=bool)
        self._must_prepare = True
        self._buses: dict[str, DynamixelBus] = {}
        try:
            for port in dict.fromkeys(port for port, _ in self._ids):
                ids = [number for its, number in self._ids if its == port]
                self._buses[port] = DynamixelBus(port, config.baud, ids)
                self._buses[port].check()
        except BusError as error:
            self.close()
            raise ValueError(f'{config.source}: {error}') from error

    def read(self, now_ns: int) -> np.ndarray:
        """Return where the joints (M,) are [rad]; NoReading says which servo does not tell."""
        try:
            if self._must_prepare:
                self._prepare()
            counts = {
                (port, number): count
                for port, bus in self._buses.items()
                for number, count in zip(bus.ids, bus.read(PRESENT_POSITION), strict=True)
            }
        except BusError as error:
            self._must_prepare = True  # who was without power has forgotten all
            raise NoReading(str(error)) from error
        return (np.array([counts[key] for key in self._ids]) - MIDDLE) * (2 * pi / TURN)

    def drive(self, target: np.ndarray) -> None:
        """Pull the joints (M,) there [rad]; NaN lets one go."""
        pulled = ~np.isnan(target)
        counts = np.where(pulled, target, 0.0) * TURN / (2 * pi) + MIDDLE
        try:
            self._write(GOAL_POSITION, pulled, counts.round())
            if (pulled != self._is_pulled).any():
                self._pull(pulled)
        except BusError as error:
            self._must_prepare = True
            raise NoReading(str(error)) from error

    def take_hands(self, position: np.ndarray | None) -> None:
        """Hold nothing: real hands need no word."""

    def close(self) -> None:
        """Let all joints go, and the ports."""
        for bus in self._buses.values():
            try:
                bus.write(TORQUE_ENABLE, dict.fromkeys(bus.ids, 0))
                bus.close()
            except BusError:
                continue  # it is gone already

    def _prepare(self) -> None:
        """Let all joints go, and set how they are pulled, which can only be done then."""
        for bus in self._buses.values():
            bus.open()
            bus.write(TORQUE_ENABLE, dict.fromkeys(bus.ids, 0))
            for number in bus.ids if self._drive > 0.0 else ():
                bus.set(number, OPERATING_MODE, POSITION_MODE)
                bus.set(number, GOAL_PWM, round(self._drive * FULL_PWM))
        self._is_pulled[:] = False
        self._must_prepare = False

    def _pull(self, pulled: np.ndarray) -> None:
        """Pull or let go of joints (M,) bool; BusError for one that did not hear of it."""
        self._write(TORQUE_ENABLE, pulled != self._is_pulled, pulled)
        for port, bus in self._buses.items():
            wanted = [
                int(on) for (its, _), on in zip(self._ids, pulled, strict=True) if its == port
            ]
            if bus.read(TORQUE_ENABLE) != wanted:
                raise BusError(f'{port}: a servo did not take its torque')
        self._is_pulled = pulled

    def _write(self, register, which: np.ndarray, values: np.ndarray) -> None:
        """Set a register of some joints (M,) bool to values (M,)."""
        for port, bus in self._buses.items():
            bus.write(
                register,
                {
                    number: int(value)
                    for (its, number), is_one, value in zip(self._ids, which, values, strict=True)
                    if is_one and its == port
                },
            )


def _ids(spec: RobotSpec, config: LeaderConfig) -> list[tuple[str, int]]:
    """Return port and id of every joint; ValueError for an arm without, or one that is shared."""
    LeaderMap(spec, config)  # raises for joints that lead nothing
    found = []
    for arm in config.arms:
        if not arm.port or not arm.ids:
            raise ValueError(f'{config.source}: {arm.arm}: port and ids are missing')
        found += [(arm.port, number) for number in arm.ids]
    if not found:
        raise ValueError(f'{config.source}: arms: a Dynamixel leader needs arms, ports and ids')
    if len(set(found)) != len(found):
        raise ValueError(f'{config.source}: an id is on its port twice: {sorted(found)}')
    return found
