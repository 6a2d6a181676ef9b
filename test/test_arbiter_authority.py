"""Who has which arm: e-stop over person over policy over hold, each tick and each arm."""

import numpy as np
import pytest

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.robot.load import load_robot
from il_ros.spec import ActionChunk, JointSample, Proposal, Who, of_arm

SPEC = load_robot('sim')
DT = SPEC.dt_ns
LEFT, RIGHT = SPEC.arms
POLICY_POSE = np.clip(SPEC.home + 0.05, SPEC.lower, SPEC.upper)
PERSON_POSE = np.clip(SPEC.home - 0.1, SPEC.lower, SPEC.upper)


class Rig:
    """An arbiter and a robot that does as commanded, tick by tick."""

    def __init__(self, sources=None):
        self.arbiter = Arbiter(SPEC, load_sources(sources))
        self.k = 0
        self.position = SPEC.home
        self.decision = None

    @property
    def now(self):
        """The tick that comes next [ns]."""
        return self.k * DT

    def tick(self, n=1):
        """Run n ticks; return who has each arm at the last."""
        for _ in range(n):
            still = np.zeros(SPEC.size)
            self.decision = self.arbiter.tick(JointSample(self.now, self.position, still, still))
            self.position = self.decision.command
            self.k += 1
        return tuple(authority.who for authority in self.decision.authority)

    def why(self, arm=0):
        """Why an arm is as it is."""
        return self.decision.authority[arm].why

    def plan(self, pose=POLICY_POSE, T=50, late=0, version='v1'):
        """Offer a chunk that stays at a pose, planned `late` ticks ago."""
        targets = np.tile(pose, (T, 1))
        self.arbiter.plans.offer(ActionChunk(self.now - late * DT, targets, version))

    def hands(self, engaged, pose=PERSON_POSE, source='leader'):
        """Let a person propose."""
        self.arbiter.persons.offer(Proposal(self.now, pose, engaged, source), operator='ann')

    def correct(self, n, engaged=(True, True), **options):
        """Run n ticks with hands at the arms."""
        for _ in range(n):
            self.hands(engaged, **options)
            self.tick()
        return tuple(authority.who for authority in self.decision.authority)


@pytest.fixture
def rig():
    """The shipped configuration."""
    return Rig()


POLICY, HUMAN, HOLD, ESTOP = (Who.POLICY,) * 2, (Who.HUMAN,) * 2, (Who.HOLD,) * 2, (Who.ESTOP,) * 2


def test_it_starts_by_holding_the_measured_pose(rig):
    """Nothing proposed: the command is the measured pose, and nobody is called."""
    rig.position = SPEC.home + 0.01
    assert rig.tick(5) == HOLD
    assert np.array_equal(rig.decision.command, SPEC.home + 0.01)
    assert rig.arbiter.request == ''


def test_the_policy_acts_and_says_which_it_is(rig):
    """Version and start of authority are in the decision."""
    rig.plan()
    assert rig.tick(20) == POLICY
    authority = rig.decision.authority[0]
    assert (authority.policy_version, authority.since_ns) == ('v1', 0)
    assert rig.decision.command == pytest.approx(POLICY_POSE, abs=1e-4)


def test_a_person_goes_before_the_policy(rig):
    """Engaged hands take both arms, though the chunk goes on."""
    rig.plan()
    rig.tick(5)
    assert rig.correct(20) == HUMAN
    assert rig.decision.authority[0].operator == 'ann'
    assert rig.decision.authority[0].since_ns == 5 * DT
    assert rig.decision.command == pytest.approx(PERSON_POSE, abs=1e-3)


def test_authority_is_per_arm(rig):
    """One arm a person's, the other the policy's, each at its own target."""
    rig.plan()
    assert rig.correct(20, engaged=(True, False)) == (Who.HUMAN, Who.POLICY)
    command = rig.decision.command
    assert of_arm(LEFT, command) == pytest.approx(of_arm(LEFT, PERSON_POSE), abs=1e-3)
    assert of_arm(RIGHT, command) == pytest.approx(of_arm(RIGHT, POLICY_POSE), abs=1e-3)


def test_the_engaged_source_of_highest_priority_wins(rig):
    """Arm by arm: the leader where engaged, the joystick elsewhere."""
    for _ in range(30):
        rig.hands((True, True), pose=POLICY_POSE, source='joystick')
        rig.hands((True, False), pose=PERSON_POSE, source='leader')
        assert rig.tick() == HUMAN
    command = rig.decision.command
    assert of_arm(LEFT, command) == pytest.approx(of_arm(LEFT, PERSON_POSE), abs=1e-3)
    assert of_arm(RIGHT, command) == pytest.approx(of_arm(RIGHT, POLICY_POSE), abs=1e-3)


def test_after_hand_back_only_a_plan_from_afterwards_is_executed(rig):
    """The observation must be later than the hand-back, not the message."""
    rig.plan()
    rig.correct(10)
    rig.plan(version='before')  # planned at the tick of the hand-back: a person was still moving
    assert rig.correct(1, engaged=(False, False)) == HOLD
    assert rig.correct(3, engaged=(False, False)) == HOLD
    rig.plan(late=4, version='in flight')
    assert rig.correct(1, engaged=(False, False)) == HOLD
    assert rig.why() == 'awaiting a chunk planned from here'
    rig.plan(late=2, version='after')  # re-stamped: its first row is executed first
    assert rig.correct(1, engaged=(False, False)) == POLICY
    assert rig.decision.authority[0].policy_version == 'after'


def test_the_other_arm_goes_on_while_one_awaits_a_new_plan(rig):
    """Handing back one arm does not stop the other."""
    rig.plan()
    rig.correct(10, engaged=(True, False))
    assert rig.correct(1, engaged=(False, False)) == (Who.HOLD, Who.POLICY)
    rig.plan()
    assert rig.correct(1, engaged=(False, False)) == POLICY


def test_a_chunk_after_hand_back_starts_at_its_first_row_for_that_arm_alone(rig):
    """The arm that held is re-stamped, the one that moved is aligned."""
    rig.plan()
    rig.correct(5, engaged=(True, False))
    rig.correct(4, engaged=(False, False))
    rows = np.clip(SPEC.home + np.linspace(0, 0.2, 40)[:, None], SPEC.lower, SPEC.upper)
    rig.arbiter.plans.offer(ActionChunk(rig.now - 2 * DT, rows))
    rig.tick(30)
    left, right = rig.decision.command[LEFT.joints][0], rig.decision.command[RIGHT.joints][0]
    assert left == pytest.approx(rows[29, LEFT.joints][0], abs=1e-3)
    assert right == pytest.approx(rows[31, RIGHT.joints][0], abs=1e-3)


def test_hands_that_fall_silent_leave_the_arm_standing(rig):
    """A cable that comes loose is not a hand-back: the policy must not take a surprised arm."""
    rig.plan()
    rig.correct(5)
    rig.plan()
    timeout = round(load_sources().source('leader').timeout * 1e9 / DT)
    assert rig.tick(timeout) == HUMAN
    assert rig.tick(1) == HOLD
    assert 'leader is silent' in rig.why() and 'leader is silent' in rig.arbiter.request
    rig.tick(20)
    assert rig.tick(1) == HOLD
    still = rig.decision.command
    rig.arbiter.persons.hand_back()
    rig.tick(1)
    rig.plan()
    assert rig.tick(1) == POLICY
    assert np.abs(rig.decision.command - still).max() < 0.01


def test_hands_that_come_back_released_hand_back(rig):
    """Silence is not a hand-back; letting go, heard, is."""
    rig.correct(5)
    assert rig.tick(20) == HOLD
    rig.correct(1, engaged=(False, False))
    rig.plan()
    assert rig.correct(1, engaged=(False, False)) == POLICY


def test_a_take_over_needs_no_dead_man_and_lasts_until_it_is_handed_back(rig):
    """Take-over by service, of one arm."""
    rig.plan(T=100)
    rig.tick()
    rig.arbiter.persons.take_over('left', 'leader')
    assert rig.tick(1) == (Who.HOLD, Who.POLICY)  # nobody's hands are there yet
    assert rig.correct(3, engaged=(False, False)) == (Who.HUMAN, Who.POLICY)
    rig.arbiter.persons.hand_back('left')
    assert rig.correct(1, engaged=(False, False)) == (Who.HOLD, Who.POLICY)
    rig.arbiter.persons.take_over('right')  # by whoever's hands there are
    assert rig.correct(1, engaged=(False, False), source='joystick')[1] is Who.HUMAN
    with pytest.raises(ValueError, match="did you mean 'left'"):
        rig.arbiter.persons.take_over('lefft')
    with pytest.raises(ValueError, match="did you mean 'leader'"):
        rig.arbiter.persons.take_over('left', 'leaders')


@pytest.mark.parametrize(
    ('targets', 'why'),
    [
        (np.full((20, SPEC.size), np.nan), 'policy proposed NaN'),
        (np.zeros((20, SPEC.size - 1)), 'policy proposed targets (20, 13) for 14 joints'),
        (np.zeros(SPEC.size), 'policy proposed targets (14,) for 14 joints'),
    ],
)
def test_an_impossible_chunk_stops_the_arms_and_says_why(rig, targets, why):
    """NaN and wrong shapes: the arms come to rest, and the next good chunk goes on."""
    rig.plan()
    rig.tick(5)
    rig.arbiter.plans.offer(ActionChunk(rig.now, targets))
    assert rig.tick(1) == HOLD
    assert rig.why() == why and why in rig.arbiter.request
    rig.tick(30)
    still = rig.decision.command
    rig.tick(5)
    assert np.array_equal(rig.decision.command, still)
    rig.plan()
    assert rig.tick(1) == POLICY and rig.arbiter.request == ''


def test_an_empty_chunk_says_nothing(rig):
    """Nothing to say, in lockstep, does not end the plan that runs."""
    rig.plan()
    rig.tick(3)
    rig.arbiter.plans.offer(ActionChunk(rig.now, np.zeros((0, SPEC.size))))
    assert rig.tick(1) == POLICY


@pytest.mark.parametrize(
    ('target', 'engaged', 'why'),
    [
        (np.full(SPEC.size, np.nan), (True, True), 'leader proposed NaN'),
        (np.zeros(3), (True, True), 'leader proposed (3,) targets for 14 joints'),
        (SPEC.home, (True,), 'leader proposed 1 dead-man states for 2 arms'),
    ],
)
def test_impossible_hands_leave_the_arm_standing(rig, target, engaged, why):
    """A broken device neither moves the arm nor gives it to the policy."""
    rig.plan()
    rig.correct(5)
    rig.arbiter.persons.offer(Proposal(rig.now, target, engaged))
    assert rig.tick(1) == HOLD
    assert rig.why() == why


def test_a_policy_that_dies_is_executed_to_the_end_of_its_chunk(rig):
    """Then the arms stand and a person is called."""
    rig.plan(T=10)
    assert rig.tick(10) == POLICY
    assert rig.tick(1) == HOLD
    assert rig.why() == 'chunk exhausted' and 'chunk exhausted' in rig.arbiter.request


def test_the_estop_is_latched_and_cleared_by_hand(rig):
    """Released is not cleared; a reset does not clear; nothing old is resumed."""
    rig.plan(T=200)
    rig.tick(5)
    rig.arbiter.locks.set('estop', True, rig.now)
    assert rig.correct(3) == ESTOP  # a person does not override it
    assert rig.why() == 'estop: estop pressed'
    assert rig.arbiter.locks.clear(rig.now) == 'estop pressed'
    rig.arbiter.locks.set('estop', False, rig.now)
    assert rig.tick(30) == ESTOP
    rig.arbiter.reset(JointSample(rig.now, rig.position, 0 * SPEC.home, 0 * SPEC.home))
    assert rig.tick(1) == ESTOP  # a new episode does not release it
    assert rig.arbiter.locks.clear(rig.now) == ''
    assert rig.tick(5) == HOLD  # the old chunk would have lasted
    rig.plan()
    assert rig.tick(1) == POLICY


def test_a_software_stop_needs_no_lock(rig):
    """A stop by service is latched and cleared like a lock's."""
    rig.tick()
    rig.arbiter.locks.stop('the person at the keyboard')
    assert rig.tick() == ESTOP and 'keyboard' in rig.why()
    assert rig.arbiter.locks.clear(rig.now) == ''
    assert rig.tick() == HOLD


def test_a_robot_that_was_moved_while_stopped_is_not_pulled_back(rig):
    """Power off, arms pushed away, power on, cleared: all starts from where the arms are."""
    rig.plan()
    rig.tick(20)
    rig.arbiter.locks.stop('software')
    rig.tick(60)
    pushed = np.clip(rig.position - 0.3, SPEC.lower, SPEC.upper)
    still = np.zeros(SPEC.size)
    for _ in range(150):
        rig.arbiter.tick(JointSample(rig.now, pushed, still, still))
        rig.k += 1
    assert rig.arbiter.command == pytest.approx(pushed, abs=1e-4)
    rig.position = pushed + 0.01
    rig.arbiter.locks.clear(rig.now)
    assert rig.tick(20) == HOLD
    assert rig.decision.command == pytest.approx(pushed + 0.01, abs=1e-4)


def test_a_servo_that_sags_does_not_drag_the_command_along(rig):
    """A small, lasting error under an e-stop must not creep."""
    rig.tick(5)
    rig.arbiter.locks.stop('software')
    rig.tick(1)
    command, still = rig.decision.command, np.zeros(SPEC.size)
    for _ in range(200):
        decision = rig.arbiter.tick(JointSample(rig.now, command - 0.03, still, still))
        rig.k += 1
    assert np.array_equal(decision.command, command)


def test_stale_joints_hold_everything_and_nothing_is_resumed(rig):
    """The node may hold all arms for a reason of its own."""
    rig.plan(T=200)
    rig.tick(10)
    decision = rig.arbiter.hold_all(None, rig.now, 'joint_states are 0.30 s old')
    assert [a.why for a in decision.authority] == ['joint_states are 0.30 s old'] * 2
    assert 'joint_states' in rig.arbiter.request
    rig.k += 1
    assert rig.tick(5) == HOLD
    rig.plan()
    assert rig.tick(1) == POLICY


def test_there_is_nothing_to_hold_before_the_first_pose():
    """Without a pose there is no command, and the error says so."""
    arbiter = Arbiter(SPEC, load_sources())
    with pytest.raises(ValueError, match='no measured pose yet'):
        arbiter.hold_all(None, 0, 'no joint_states')
    bad = np.full(SPEC.size, np.nan)
    with pytest.raises(ValueError, match='finite positions'):
        arbiter.tick(JointSample(0, bad, bad, bad))


CUSTOM = """
topics:
  policy: {topic: policy/action_chunk, timeout: 1.0, priority: 10}
  glove: {topic: glove, timeout: 0.1, priority: 50}
  leader: {topic: leader/joint_states, timeout: 0.2, priority: 100}
locks:
  pause: {topic: pause, timeout: 0.0, priority: 60}
  estop: {topic: estop, timeout: 0.0, priority: 255}
  hardware: {topic: hardware_stop, timeout: 0.5, priority: 255}
"""


@pytest.fixture
def custom(tmp_path):
    """A configuration with more sources and locks."""
    path = tmp_path / 'arbiter.yaml'
    path.write_text(CUSTOM)
    return Rig(path)


def test_a_lock_stops_the_sources_up_to_its_priority(custom):
    """A lock below the e-stop is no latch and stops only what stands below it."""
    custom.plan()
    custom.tick(2)
    custom.arbiter.locks.set('pause', True, custom.now)
    assert custom.tick() == HOLD and custom.why() == 'pause pressed'
    assert custom.correct(2, source='glove') == HOLD
    assert custom.correct(2, source='leader') == HUMAN
    custom.arbiter.locks.set('pause', False, custom.now)
    custom.correct(1, engaged=(False, False), source='leader')
    custom.correct(1, engaged=(False, False), source='glove')
    custom.plan()
    assert custom.correct(1, engaged=(False, False), source='glove') == POLICY  # not latched


def test_a_hardware_stop_that_falls_silent_stops(custom):
    """A heartbeat that stops coming is a pressed button."""
    for _ in range(40):
        custom.arbiter.locks.set('hardware', False, custom.now)
        assert custom.tick() == HOLD
    assert custom.tick(25) == HOLD
    assert custom.tick(1) == ESTOP
    assert 'hardware silent for more than 0.5 s' in custom.why()
    assert custom.arbiter.locks.clear(custom.now) == 'hardware silent for more than 0.5 s'
    custom.arbiter.locks.set('hardware', False, custom.now)
    assert custom.arbiter.locks.clear(custom.now) == ''
    assert custom.tick() == HOLD


def test_unknown_sources_and_locks_are_named(rig):
    """A typo in a node's name for them is no silent nothing."""
    with pytest.raises(ValueError, match=r"no source 'leder'.*did you mean 'leader'"):
        rig.hands((True, True), source='leder')
    with pytest.raises(ValueError, match=r"no lock 'e-stop'.*did you mean 'estop'"):
        rig.arbiter.locks.set('e-stop', True, 0)
