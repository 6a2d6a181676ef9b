"""A Dynamixel leader through ROBOTIS's SDK, over a simulated bus that speaks Protocol 2.0."""

from math import pi
from time import monotonic, sleep

import numpy as np
import pytest
from dynamixel_bus import (
    BROADCAST,
    GOAL,
    GOAL_PWM,
    HARDWARE_ERROR,
    PRESENT,
    SYNC_READ,
    SYNC_WRITE,
    TORQUE,
    SimulatedBus,
    crc16,
)
from dynamixel_sdk import COMM_SUCCESS, GroupBulkRead, PacketHandler, PortHandler

from il_ros.nodes import measuring
from il_ros.nodes.client import GraphError
from il_ros.robot.load import load_robot
from il_ros.teleop.dynamixel_arms import DynamixelArms
from il_ros.teleop.dynamixel_bus import (
    GOAL_POSITION,
    OPERATING_MODE,
    PRESENT_POSITION,
    TORQUE_ENABLE,
    BusError,
    DynamixelBus,
    Register,
)
from il_ros.teleop.leader_arms import NoReading
from il_ros.teleop.leader_config import LeaderArm, LeaderConfig

SPEC = load_robot('sim')
BAUD = 1_000_000
IDS = (1, 2, 4, 6, 7, 8, 9)
NAMES = tuple(f'l{i}' for i in range(6))


@pytest.fixture
def simulated(monkeypatch):
    """Servos that are never late, however busy the machine is: each packet is taken first."""
    write = PortHandler.writePort

    def write_and_wait(port, packet):
        begin, end_s = simulated.taken, monotonic() + 2.0
        count = write(port, packet)
        while simulated.taken < begin + count and monotonic() < end_s and not simulated.is_gone:
            sleep(0.0002)
        return count

    monkeypatch.setattr(PortHandler, 'writePort', write_and_wait)
    with SimulatedBus(IDS) as simulated:
        yield simulated


@pytest.fixture
def bus(simulated):
    opened = DynamixelBus(simulated.path, BAUD, IDS)
    yield opened
    opened.close()


def arms(simulated, drive=0.0, ids=IDS):
    """Return the left leader arm of the bus."""
    arm = LeaderArm(arm='left', joints=NAMES, gripper='trigger', port=simulated.path, ids=ids)
    return DynamixelArms(SPEC, LeaderConfig(arms=(arm,), baud=BAUD, drive=drive))


# -- the bus ----------------------------------------------------------------------------------


def test_the_simulated_bus_has_the_crc_of_the_manual():
    """Ping of servo 1, the manual's example: FF FF FD 00 01 03 00 01 19 4E."""
    assert crc16(bytes.fromhex('FFFFFD0001030001')) == 0x4E19


def test_all_servos_are_read_by_one_packet(simulated, bus):
    bus.check()
    for number in IDS:
        simulated.servos[number].put(PRESENT, -100 * number)
    begin = len(simulated.heard)
    assert bus.read(PRESENT_POSITION) == [-100 * number for number in IDS]
    assert [(n, i) for n, i, _ in simulated.heard[begin:]] == [(BROADCAST, SYNC_READ)]


def test_numbers_that_look_like_a_header_cross_the_bus(simulated, bus):
    """FF FF FD in a packet would begin another one: it is stuffed, both ways."""
    value = int.from_bytes(b'\xff\xff\xfd\x00', 'little')
    bus.write(GOAL_POSITION, {4: value, 6: 5})
    bus.set(4, GOAL_POSITION, value)
    assert bus.read(GOAL_POSITION) == [0, 0, value, 5, 0, 0, 0]


def test_the_sdk_s_bulk_read_hears_each_register_of_each_servo(simulated, bus):
    """Other registers of each: the simulated bus answers as the SDK expects of a real one."""
    simulated.servos[4].put(PRESENT, 7)
    simulated.servos[6].put(GOAL_PWM, -8, size=2)
    port = PortHandler(simulated.path)
    assert port.setBaudRate(BAUD)
    group = GroupBulkRead(port, PacketHandler(2.0))
    assert group.addParam(4, PRESENT, 4) and group.addParam(6, GOAL_PWM, 2)
    assert group.txRxPacket() == COMM_SUCCESS
    assert (group.getData(4, PRESENT, 4), group.getData(6, GOAL_PWM, 2)) == (7, 2**16 - 8)
    port.closePort()


def test_a_silent_servo_is_named(simulated, bus):
    simulated.servos[6].is_silent = True
    with pytest.raises(BusError, match='no answer from servo 6; 1, 2, 4, 7, 8, 9 answered'):
        bus.check()
    with pytest.raises(BusError, match='servo 6: There is no status packet'):
        bus.read(PRESENT_POSITION)
    simulated.servos[6].is_silent = False
    assert len(bus.read(PRESENT_POSITION)) == len(IDS)


def test_one_garbled_answer_is_asked_for_again_two_are_a_fault(simulated, bus):
    simulated.servos[2].garbled = 1
    assert bus.read(PRESENT_POSITION) == [2048] * len(IDS)
    simulated.servos[2].garbled = 2
    with pytest.raises(BusError, match='servo 2: Incorrect status packet'):
        bus.read(PRESENT_POSITION)
    assert bus.read(PRESENT_POSITION) == [2048] * len(IDS)


def test_noise_on_the_line_is_not_an_answer(simulated, bus):
    simulated.servos[1].noise = b'\x00\xff\xff\xfd\xff'
    assert bus.read(PRESENT_POSITION) == [2048] * len(IDS)


@pytest.mark.parametrize(
    ('register', 'message'),
    [
        (OPERATING_MODE, 'servo 4: Writing or Reading is not available'),
        (Register(146, 2), 'servo 4: The data value is out of range'),
    ],
)
def test_what_a_servo_refuses_is_told(simulated, bus, register, message):
    bus.write(TORQUE_ENABLE, {4: 1})
    with pytest.raises(BusError, match=message):
        bus.set(4, register, 3)


def test_a_servo_that_has_shut_down_says_why(simulated, bus):
    simulated.servos[7].table[HARDWARE_ERROR] = 0b100100
    with pytest.raises(BusError, match='servo 7: hardware error: overheating, overload; power'):
        bus.read(PRESENT_POSITION)


def test_a_port_that_is_not_there_or_too_odd_is_named(simulated, tmp_path):
    with pytest.raises(BusError, match='nowhere: '):
        DynamixelBus(str(tmp_path / 'nowhere'), BAUD, IDS)
    with pytest.raises(BusError, match='1234 baud is none'):
        DynamixelBus(simulated.path, 1234, IDS)


# -- the arms ---------------------------------------------------------------------------------


def test_joints_are_read_in_rad_from_the_middle(simulated):
    leader = arms(simulated)
    for number, count in zip(IDS, (0, 1024, 2048, 3072, 4096, 2049, -1), strict=True):
        simulated.servos[number].put(PRESENT, count)
    step = 2 * pi / 4096
    wanted = [-pi, -pi / 2, 0, pi / 2, pi, step, -pi - step]
    np.testing.assert_allclose(leader.read(0), wanted, atol=1e-12)
    assert not any(servo.table[TORQUE] for servo in simulated.servos.values())
    leader.close()


def test_a_driven_leader_is_pulled_weakly_and_let_go_joint_by_joint(simulated):
    leader = arms(simulated, drive=0.2)
    leader.read(0)
    target = np.full(len(IDS), np.nan)
    target[:2] = 0.5, -0.5
    leader.drive(target)
    assert [bool(s.table[TORQUE]) for s in simulated.servos.values()] == [True] * 2 + [False] * 5
    assert simulated.servos[1].table[11] == 3
    assert simulated.servos[1].get(GOAL_PWM, 2) == round(0.2 * 885)
    np.testing.assert_allclose(leader.read(0)[:3], [0.5, -0.5, 0.0], atol=1e-3)
    begin = len(simulated.heard)
    leader.drive(target)
    sent = [i for _, i, _ in simulated.heard[begin:]]
    assert sent in ([SYNC_WRITE], [])  # a goal, which nobody answers, and no torque again
    leader.drive(np.full(len(IDS), np.nan))
    leader.read(0)
    assert not any(servo.table[TORQUE] for servo in simulated.servos.values())
    leader.drive(target)
    leader.close()
    look = DynamixelBus(simulated.path, BAUD, IDS)
    assert look.read(TORQUE_ENABLE) == [0] * len(IDS)
    look.close()


def test_a_servo_that_lost_its_power_is_set_up_anew_when_it_is_back(simulated):
    leader = arms(simulated, drive=0.2)
    leader.read(0)
    leader.drive(np.zeros(len(IDS)))
    servo = simulated.servos[4]
    servo.is_silent = True
    with pytest.raises(NoReading, match='servo 4: There is no status packet'):
        leader.read(0)
    servo.is_silent, servo.table[:] = False, bytes(len(servo.table))
    leader.read(0)
    assert servo.get(GOAL_PWM, 2) == round(0.2 * 885)
    leader.drive(np.zeros(len(IDS)))
    np.testing.assert_allclose(leader.read(0), 0.0, atol=1e-12)
    assert servo.get(GOAL) == 2048
    leader.close()


def test_an_adapter_that_is_unplugged_is_no_reading(simulated):
    leader = arms(simulated)
    leader.read(0)
    simulated.unplug()
    for _ in range(2):
        with pytest.raises(NoReading, match=simulated.path):
            leader.read(0)
    leader.close()


def test_a_leader_that_is_not_all_there_does_not_start(simulated):
    with pytest.raises(ValueError, match='no answer from servo 3; 1, 2, 4, 6, 7, 8 answered'):
        arms(simulated, ids=(1, 2, 3, 4, 6, 7, 8))
    with pytest.raises(ValueError, match='an id is on its port twice'):
        arms(simulated, ids=(1, 2, 4, 6, 7, 8, 8))
    with pytest.raises(ValueError, match='left: port and ids are missing'):
        arms(simulated, ids=())
    with pytest.raises(ValueError, match='needs arms, ports and ids'):
        DynamixelArms(SPEC, LeaderConfig())


def test_a_calibration_reads_it_while_it_is_held_and_says_why_it_cannot(simulated, monkeypatch):
    monkeypatch.setattr(measuring, 'STILL_S', 0.2)
    held = arms(simulated)
    for number in IDS:
        simulated.servos[number].put(PRESENT, 2048 + 10 * number)
    wanted = np.array([10 * number for number in IDS]) * 2 * pi / 4096
    np.testing.assert_allclose(measuring.LeaderDevice(held).position(), wanted, atol=1e-9)
    simulated.unplug()
    with pytest.raises(GraphError):
        measuring.LeaderDevice(held).position()
    held.close()
