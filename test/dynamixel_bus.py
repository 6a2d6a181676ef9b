"""
A bus of simulated Dynamixels behind a pseudo-terminal, speaking Protocol 2.0.

Source: the protocol in ROBOTIS's e-manual, https://emanual.robotis.com/docs/en/dxl/protocol2/
"""

import os
import select
import threading
import tty
from dataclasses import dataclass, field

HEADER = b'\xff\xff\xfd'
BROADCAST = 0xFE
STATUS = 0x55
PING, READ, WRITE = 0x01, 0x02, 0x03
SYNC_READ, SYNC_WRITE, BULK_READ = 0x82, 0x83, 0x92
INSTRUCTION_ERROR, RANGE_ERROR, ACCESS_ERROR, ALERT = 0x02, 0x04, 0x07, 0x80
MODEL, EEPROM_END, SIZE = 1060, 64, 147  # an XL430's model number and control table
TORQUE, HARDWARE_ERROR, GOAL_PWM, GOAL, PRESENT = 64, 70, 100, 116, 132


def crc16(data: bytes) -> int:
    """Return the CRC of polynomial 0x8005, most significant bit first, that begins at 0."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x8005 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def packet(number: int, body: bytes) -> bytes:
    """Wrap instruction and parameters; what looks like a header in them is stuffed."""
    body = body.replace(HEADER, HEADER + b'\xfd')
    data = HEADER + bytes([0, number]) + (len(body) + 2).to_bytes(2, 'little') + body
    return data + crc16(data).to_bytes(2, 'little')


@dataclass
class Servo:
    """A control table, and what is wrong with the servo."""

    table: bytearray = field(default_factory=lambda: bytearray(SIZE))
    is_silent: bool = False
    garbled: int = 0  # of so many answers the CRC is wrong
    noise: bytes = b''  # on the line before an answer

    def get(self, address: int, size: int = 4) -> int:
        """Return a signed number of the table."""
        return int.from_bytes(self.table[address : address + size], 'little', signed=True)

    def put(self, address: int, value: int, size: int = 4) -> None:
        """Set a number of the table."""
        self.table[address : address + size] = value.to_bytes(size, 'little', signed=value < 0)

    def write(self, address: int, data: bytes) -> int:
        """Take a write; return the error."""
        if address + len(data) > SIZE:
            return RANGE_ERROR
        if address < EEPROM_END and self.table[TORQUE]:
            return ACCESS_ERROR  # what is kept without power can be set only while it is limp
        self.table[address : address + len(data)] = data
        if self.table[TORQUE] and self.get(GOAL_PWM, 2) > 0:
            self.put(PRESENT, self.get(GOAL))
        return 0


class SimulatedBus:
    """Servos by id, on the port that `path` names."""

    def __init__(self, ids, position: int = 2048):
        self.servos = {number: Servo() for number in ids}
        for servo in self.servos.values():
            servo.put(PRESENT, position)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.path = os.ttyname(self._slave)
        self.heard: list[tuple[int, int, bytes]] = []  # id, instruction, parameters
        self.taken = 0  # bytes so far
        self.is_gone = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> 'SimulatedBus':
        return self

    def __exit__(self, *error) -> None:
        self.unplug()

    def unplug(self) -> None:
        """Take the adapter out."""
        if not self.is_gone:
            self.is_gone = True
            self._thread.join()
            os.close(self._slave)
            os.close(self._master)

    def _serve(self) -> None:
        """Read packets as they come, and answer."""
        data = b''
        while not self.is_gone:
            if not select.select([self._master], [], [], 0.02)[0]:
                continue
            fresh = os.read(self._master, 4096)
            data += fresh
            while (found := self._next(data)) is not None:
                number, body, data = found
                self.heard.append((number, body[0], body[1:]))
                self._answer(number, body[0], body[1:])
            self.taken += len(fresh)

    def _next(self, data: bytes) -> tuple[int, bytes, bytes] | None:
        """Return id and body of the first whole packet, and what follows it."""
        begin = data.find(HEADER + b'\x00')
        if begin < 0 or len(data) < begin + 7:
            return None
        end = begin + 7 + int.from_bytes(data[begin + 5 : begin + 7], 'little')
        if len(data) < end:
            return None
        whole = data[begin:end]
        assert crc16(whole[:-2]) == int.from_bytes(whole[-2:], 'little')
        return whole[4], whole[7:-2].replace(HEADER + b'\xfd', HEADER), data[end:]

    def _answer(self, number: int, instruction: int, told: bytes) -> None:
        if instruction == SYNC_READ:
            self._read_in_turn([(each, told[:4]) for each in told[4:]])
        elif instruction == BULK_READ:
            rows = [told[i : i + 5] for i in range(0, len(told), 5)]
            self._read_in_turn([(row[0], row[1:]) for row in rows])
        elif instruction == SYNC_WRITE:
            address, size = _two(told)
            for i in range(4, len(told), 1 + size):
                if told[i] in self.servos:
                    self.servos[told[i]].write(address, told[i + 1 : i + 1 + size])
        elif number == BROADCAST and instruction == PING:
            for each in sorted(self.servos):
                self._say(each, 0, MODEL.to_bytes(2, 'little') + b'\x2d')
        elif number in self.servos:
            self._obey(number, instruction, told)

    def _obey(self, number: int, instruction: int, told: bytes) -> None:
        """Answer what one servo alone is asked."""
        servo = self.servos[number]
        if instruction == PING:
            self._say(number, 0, MODEL.to_bytes(2, 'little') + b'\x2d')
        elif instruction == READ:
            self._read_in_turn([(number, told)])
        elif instruction == WRITE:
            error = servo.write(int.from_bytes(told[:2], 'little'), told[2:])
            self._say(number, error)
        else:
            self._say(number, INSTRUCTION_ERROR)

    def _read_in_turn(self, rows: list[tuple[int, bytes]]) -> None:
        """Answer one after the other; after a silent one, nobody has its turn."""
        for number, where in rows:
            servo = self.servos.get(number)
            if servo is None or servo.is_silent:
                return
            address, size = _two(where)
            if address + size > SIZE:
                self._say(number, RANGE_ERROR)
            else:
                self._say(number, 0, bytes(servo.table[address : address + size]))

    def _say(self, number: int, error: int, told: bytes = b'') -> None:
        servo = self.servos[number]
        if servo.is_silent:
            return
        if servo.table[HARDWARE_ERROR]:
            error |= ALERT
        data = packet(number, bytes([STATUS, error]) + told)
        if servo.garbled:
            servo.garbled -= 1
            data = data[:-1] + bytes([data[-1] ^ 1])
        os.write(self._master, servo.noise + data)


def _two(told: bytes) -> tuple[int, int]:
    """Return address and size."""
    return int.from_bytes(told[:2], 'little'), int.from_bytes(told[2:4], 'little')
