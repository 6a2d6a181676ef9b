"""Dynamixel servos on one serial bus, Protocol 2.0, by ROBOTIS's SDK."""

import termios
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import serial
from dynamixel_sdk import COMM_SUCCESS, GroupSyncRead, GroupSyncWrite, PacketHandler, PortHandler

PROTOCOL = 2.0
ALERT = 0x80  # of a status packet's error: the servo has shut itself down
TRIES = 2  # of a packet: one that is garbled now and then is no fault
WAIT_S = 0.002  # for bytes, instead of asking for them without end


class BusError(RuntimeError):
    """A bus or a servo does not answer as it should; its message says which, and how."""


@dataclass(frozen=True)
class Register:
    """A row of the control table: X series, the same on XL330, XL430, XM430, XM540."""

    address: int
    size: int  # bytes, little-endian


OPERATING_MODE = Register(11, 1)
TORQUE_ENABLE = Register(64, 1)
HARDWARE_ERROR = Register(70, 1)
GOAL_PWM = Register(100, 2)
GOAL_POSITION = Register(116, 4)
PRESENT_POSITION = Register(132, 4)
ERRORS = {0: 'input voltage', 2: 'overheating', 3: 'encoder', 4: 'electrical shock', 5: 'overload'}


class DynamixelBus:
    """The servos of one port; every call raises BusError naming the servo that is at fault."""

    def __init__(self, port: str, baud: int, ids: Sequence[int]):
        self.port, self.ids = port, tuple(ids)
        self._baud = baud
        self._handler, self._packets = PortHandler(port), PacketHandler(PROTOCOL)
        self._readers: dict[Register, GroupSyncRead] = {}
        self._writers: dict[Register, GroupSyncWrite] = {}
        self.open()

    def open(self) -> None:
        """Open the port, or open it anew: it may have been unplugged."""
        try:
            is_open = self._handler.setBaudRate(self._baud)
        except (serial.SerialException, OSError) as error:
            raise BusError(f'{self.port}: {_plain(error)}') from error
        if not is_open:
            raise BusError(f'{self.port}: {self._baud} baud is none that Dynamixels know')
        self._handler.ser.timeout = WAIT_S
        self._handler.is_using = False

    def check(self) -> None:
        """Ask each servo whether it is there."""
        found = [number for number in self.ids if self._answers(number)]
        silent = [number for number in self.ids if number not in found]
        if silent:
            raise BusError(
                f'{self.port}: no answer from servo {_list(silent)}; {_list(found)} answered. '
                'Look at power, cable, ids and baud'
            )

    def read(self, register: Register) -> list[int]:
        """Return a register of all servos, signed, by one packet (sync read)."""
        for attempt in range(TRIES):
            try:
                return self._read(register)
            except BusError:
                if attempt == TRIES - 1:
                    raise
        raise AssertionError

    def write(self, register: Register, values: dict[int, int]) -> None:
        """Set a register of some servos, by one packet that none answers (sync write)."""
        if not values:
            return
        writer = self._writers.get(register)
        if writer is None:
            writer = GroupSyncWrite(self._handler, self._packets, register.address, register.size)
            self._writers[register] = writer
        writer.clearParam()
        for number, value in values.items():
            raw = value.to_bytes(register.size, 'little', signed=value < 0)
            writer.addParam(number, list(raw))
        self._done(self._transfer(writer.txPacket), 'written to')

    def set(self, number: int, register: Register, value: int) -> None:
        """Set a register of one servo, which has to confirm it."""
        raw = list(value.to_bytes(register.size, 'little'))
        where = (self._handler, number, register.address, register.size, raw)
        result, error = self._transfer(partial(self._packets.writeTxRx, *where))
        self._done(result, f'servo {number}')
        self._refuse(number, error)

    def close(self) -> None:
        """Leave the port."""
        self._handler.closePort()

    def _answers(self, number: int) -> bool:
        for _ in range(TRIES):
            with suppress(BusError):
                ping = partial(self._packets.ping, self._handler, number)
                if self._transfer(ping)[1] == COMM_SUCCESS:
                    return True
        return False

    def _read(self, register: Register) -> list[int]:
        """Ask all, then hear each: what a servo says of its own health is in its answer."""
        if register not in self._readers:
            where = (self._handler, self._packets, register.address, register.size)
            self._readers[register] = GroupSyncRead(*where)
            for number in self.ids:
                self._readers[register].addParam(number)
        self._done(self._transfer(self._readers[register].txPacket), 'asked')
        values, errors = [], {}
        for number in self.ids:
            heard = partial(self._packets.readRx, self._handler, number, register.size)
            data, result, errors[number] = self._transfer(heard)
            self._done(result, f'servo {number}')
            if not errors[number] and len(data) != register.size:
                raise BusError(f'{self.port}: servo {number}: {len(data)} bytes')
            values.append(int.from_bytes(bytes(data), 'little', signed=True))
        for number, error in errors.items():
            self._refuse(number, error)
        return values

    def _transfer(self, call: Callable[[], Any]) -> Any:
        """Do what the SDK does; a port that is gone raises in many ways."""
        try:
            return call()
        except (serial.SerialException, OSError, termios.error) as error:
            raise BusError(f'{self.port}: gone ({_plain(error)})') from error

    def _done(self, result: int, what: str) -> None:
        if result != COMM_SUCCESS:
            self._handler.is_using = False
            told = self._packets.getTxRxResult(result).removeprefix('[TxRxResult] ')
            raise BusError(f'{self.port}: {what}: {told}')

    def _refuse(self, number: int, error: int) -> None:
        """Raise BusError for what a servo says is wrong."""
        if error & ALERT:
            raise BusError(f'{self.port}: servo {number}: {self._hardware_error(number)}')
        if error:
            told = self._packets.getRxPacketError(error).removeprefix('[RxPacketError] ')
            raise BusError(f'{self.port}: servo {number}: {told}')

    def _hardware_error(self, number: int) -> str:
        """Ask a servo that has shut down for its reason."""
        where = (self._handler, number, HARDWARE_ERROR.address, HARDWARE_ERROR.size)
        data, result, _ = self._transfer(partial(self._packets.readTxRx, *where))
        bits = data[0] if result == COMM_SUCCESS and data else 0
        reasons = [name for bit, name in ERRORS.items() if bits >> bit & 1]
        return f'hardware error: {", ".join(reasons) or "unknown"}; power it off and on'


def _plain(error: Exception) -> str:
    """Return an error's text without its number."""
    return getattr(error, 'strerror', None) or str(error)


def _list(numbers: Sequence[int]) -> str:
    return ', '.join(map(str, numbers)) or 'none'
