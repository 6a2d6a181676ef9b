"""Hand guiding in one process: arms give way, the command goes along, and nothing jumps after."""

import numpy as np
import pytest
from scratch import folder

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.sources import load_sources
from il_ros.dataset.from_bag import decode_bag
from il_ros.dataset.labels import labels
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.registry import make
from il_ros.robot.kinematics import Kinematics
from il_ros.robot.load import load_robot
from il_ros.rollout.guided import GuidingPerson, run
from il_ros.rollout.loop import Loop, as_received, through_wire
from il_ros.rollout.recording import BagSubscriber
from il_ros.rollout.takeovers import worst
from il_ros.sim.guide import GuidingHand
from il_ros.sim.tasks import TASKS
from il_ros.sim.tasks.nothing import Nothing
from il_ros.sim.touch import Touch
from il_ros.sim.world import World
from il_ros.spec import UNTOLD, ActionChunk, JointSample, Who, Wrench
from il_ros.teleop.guiding import Guiding
from il_ros.teleop.hands import Hands
from il_ros.teleop.mapping_file import load_mapping

SPEC = load_robot('sim')
LEFT, RIGHT = SPEC.arms
KINEMATICS = Kinematics(SPEC)
STILL = np.zeros(3)


@pytest.fixture(scope='module')
def world():
    world = World(SPEC, Nothing())
    yield world
    world.close()


def push(world, force, arm='left'):
    """Return a push at an arm's grasp point by a force (3,) [N] in the axes of the table."""
    axes = KINEMATICS.pose(arm, world.joints().position)[:3, :3]
    return Wrench(0, f'{arm}_grasp', axes.T @ np.asarray(force, dtype=float), STILL)


def grasp(world):
    return KINEMATICS.pose('left', world.joints().position)[:3, 3].copy()


# -- the arms -------------------------------------------------------------------------------------


def test_a_free_arm_holds_against_gravity_and_says_what_it_carries(world):
    world.reset(0)
    start = world.joints().position
    for _ in range(250):
        world.step(None, Touch(frozenset({'left', 'right'})))
    assert np.abs(world.joints().position - start).max() < 5e-3  # [rad] in 5 s
    assert np.abs(world.joints().effort[LEFT.joints]).max() > 1.0  # [Nm] it is heavy


@pytest.mark.parametrize('axis', [0, 1, 2])
def test_a_free_arm_goes_where_it_is_pushed_and_stays_there(world, axis):
    world.reset(0)
    start, other = grasp(world), world.joints().position[RIGHT.all]
    for _ in range(25):
        world.step(None, Touch(frozenset({'left'}), (push(world, 10 * np.eye(3)[axis]),)))
    moved = grasp(world) - start
    assert moved[axis] > 0.02  # [m]
    for _ in range(50):
        world.step(None, Touch(frozenset({'left'})))
    there = grasp(world)
    for _ in range(50):
        world.step(None, Touch(frozenset({'left'})))
    assert np.linalg.norm(grasp(world) - there) < 1e-3
    np.testing.assert_allclose(world.joints().position[RIGHT.all], other, atol=1e-3)


def test_an_arm_that_is_not_free_bears_a_push_and_servos_come_back(world):
    world.reset(0)
    start = world.joints().position
    for _ in range(25):
        world.step(None, Touch(wrenches=(push(world, [0, 0, 10]),)))
    assert np.abs(world.joints().position - start).max() < 0.01
    for _ in range(25):
        world.step(None, Touch(frozenset({'left'}), (push(world, [0, 0, 10]),)))
    left = world.joints().position
    for _ in range(25):
        world.step(None)
    assert np.abs(world.joints().position - left)[LEFT.joints].max() < 0.05  # it was under way
    goal = np.clip(world.joints().position + 0.02, SPEC.lower, SPEC.upper)
    for _ in range(10):
        world.step(goal)
    np.testing.assert_allclose(world.joints().position, goal, atol=2e-3)


def test_what_cannot_be_touched_is_named_and_nothing_moves(world):
    world.reset(0)
    with pytest.raises(ValueError, match="no link 'tail' to push at"):
        world.step(None, Touch(wrenches=(Wrench(0, 'tail', STILL, STILL),)))
    with pytest.raises(ValueError, match="no arm 'third'"):
        world.step(None, Touch(frozenset({'third'})))
    assert world.now_ns % 10**9 == 0


# -- the arbiter ----------------------------------------------------------------------------------


class Session:
    """A world, an arbiter, and somebody who holds the button at the left arm, or does not."""

    def __init__(self, world):
        self.world, self.arbiter = world, Arbiter(SPEC, load_sources())
        self.guiding = Guiding(SPEC, load_mapping(), Hands(SPEC, load_mapping()))
        self.force, self.is_held = np.zeros(3), False
        self.lead = lambda joints: (push(world, self.force),)
        world.reset(0)
        self.arbiter.reset(as_received(SPEC, world.joints()))
        self.joints, self.commands, self.told = [], [], []

    def tick(self, ticks=1):
        """Go on; return the last decision."""
        for _ in range(ticks):
            arbiter, joints = self.arbiter, as_received(SPEC, self.world.joints())
            self.guiding.press(0, joints.stamp_ns, self.is_held)
            for said in self.guiding.propose(joints, arbiter.command, arbiter.sources):
                arbiter.persons.offer(said, 'Ada')
                self.told.append((said.told_ns, said.target))
            arbiter.persons.stale = self.guiding.stale()
            decision = arbiter.tick(joints)
            self.joints.append(joints)
            self.commands.append(decision.command)
            free = {a.name for a, is_free in zip(SPEC.arms, arbiter.free, strict=True) if is_free}
            touch = Touch(frozenset(free), self.lead(joints))
            self.world.step(through_wire(SPEC, decision.command), touch)
        return decision

    def plan(self, moved, ticks=100):
        """Let a policy plan to move all joints by so much, from here on."""
        share = np.linspace(0, 1, ticks)[:, None]
        joints = self.joints[-1]
        self.arbiter.plans.offer(ActionChunk(joints.stamp_ns, joints.position + share * moved))

    def apart(self):
        """Return how far (n, N) commands were from where the arms were one period later."""
        measured = np.array([joints.position for joints in self.joints])
        return np.abs(np.array(self.commands)[:-1] - measured[1:])


def test_the_command_goes_along_with_the_hand_and_hands_back_without_a_jump(world):
    it = Session(world)
    it.tick(5)
    it.plan(0.2)
    assert it.tick(10).authority[0].who is Who.POLICY
    it.is_held, it.force = True, np.array([0.0, 6.0, 6.0])
    guided = it.tick(50).authority
    assert (guided[0].who, guided[0].why, guided[0].operator) == (Who.HUMAN, 'guided', 'Ada')
    assert guided[1].who is Who.POLICY  # one hand, one arm
    before = it.world.joints().position[LEFT.joints]
    it.plan(0.2)
    it.is_held, it.force = False, np.zeros(3)
    back = it.tick(3)
    assert back.authority[0].who is Who.HOLD and it.arbiter.free == (False, False)
    assert it.tick(20).authority[0].who is Who.HOLD  # what was planned before counts no more
    it.plan(0.1)
    assert it.tick().authority[0].who is Who.POLICY
    it.tick(10)
    assert np.abs(before - it.joints[5].position[LEFT.joints]).max() > 0.1  # it was moved
    assert max(worst(SPEC, np.array(it.commands))) <= 1 + 1e-6
    back = np.array([joints.position for joints in it.joints[60:]])  # the push was the hand's own
    swings = np.abs(np.diff(back, 2, axis=0)) / SPEC.dt_s**2
    assert (swings <= SPEC.acceleration).all()
    assert it.apart()[30:60, LEFT.joints].max() < 0.01  # [rad]


def test_the_action_is_where_the_arm_was_a_tick_later_and_nothing_where_nobody_guided(world):
    it = Session(world)
    it.tick(5)
    it.is_held, it.force = True, np.array([0.0, 8.0, 0.0])
    it.tick(20)
    it.is_held = False
    it.tick(5)
    at = {joints.stamp_ns: joints.position for joints in it.joints}
    said = {told_ns: target for told_ns, target in it.told if told_ns != UNTOLD}
    stamps = sorted(at)
    assert sorted(said) == stamps[5:25]
    for told_ns, target in said.items():
        later = at[told_ns + SPEC.dt_ns]
        np.testing.assert_array_equal(target[LEFT.joints], later[LEFT.joints])


def test_an_estop_takes_a_guided_arm_back_where_it_is(world):
    """However the hand goes on pushing."""
    it = Session(world)
    it.is_held, it.force = True, np.array([0.0, 8.0, 0.0])
    assert it.tick(40).authority[0].who is Who.HUMAN
    it.arbiter.locks.stop('software')
    assert it.tick(2).authority[0].who is Who.ESTOP
    assert it.arbiter.free == (False, False)
    it.tick(30)
    _, acceleration, _ = worst(SPEC, np.array([j.position for j in it.joints]))
    assert acceleration < 1.2 and max(worst(SPEC, np.array(it.commands))) <= 1 + 1e-6


def test_an_arm_guided_to_where_it_may_not_be_stays_free_and_asks_for_help(world):
    """The command may not come so near to the table; servos would leap up to it."""
    it, hand = Session(world), GuidingHand(SPEC)
    home = world.joints().position
    low = KINEMATICS.pose('left', home).copy()
    low[2, 3] = -0.04  # [m] the table is at 0
    under = home.copy()
    under[LEFT.joints], _ = KINEMATICS.solve('left', low, home)
    it.is_held = True
    for share in np.linspace(0, 1, 150):
        it.lead = lambda joints, part=share: hand.pull(joints, home + part * (under - home))[:1]
        it.tick()
    it.is_held = False
    decision = it.tick(40)
    assert it.arbiter.free == (True, False) and decision.authority[0].who is Who.HOLD
    assert 'guide it back' in decision.authority[0].why and 'guide it back' in it.arbiter.request
    assert it.apart()[-1, LEFT.joints].max() > 0.01
    for share in np.linspace(1, 0, 150):
        it.lead = lambda joints, part=share: hand.pull(joints, home + part * (under - home))[:1]
        it.tick()
    assert it.arbiter.free == (False, False) and not it.arbiter.request
    assert max(worst(SPEC, np.array(it.commands))) <= 1 + 1e-6


def test_a_button_that_falls_silent_holds_the_arm_and_frees_it_when_it_speaks(world):
    it = Session(world)
    it.is_held, it.force = True, np.array([0.0, 8.0, 0.0])
    it.tick(20)
    press, it.guiding.press = it.guiding.press, lambda *word: None
    decision = it.tick(12)
    assert decision.authority[0].who is Who.HOLD and it.arbiter.free == (False, False)
    assert decision.authority[0].why == 'the button at the left arm is silent'
    it.guiding.press = press
    assert it.tick().authority[0].why == 'guided'


def test_grippers_go_on_holding_and_follow_the_pads_keys():
    mapping = load_mapping()
    guiding = Guiding(SPEC, mapping, Hands(SPEC, mapping))
    command = SPEC.home.copy()
    command[LEFT.gripper] = 0.3  # it squeezes something
    openings = []
    for tick in range(1, 12):
        stamp_ns = tick * SPEC.dt_ns
        buttons = np.array([float(name == 'A' and tick > 5) for name in mapping.layout.buttons])
        guiding.take_joy(stamp_ns, np.zeros(0), buttons)
        sample = JointSample(stamp_ns, SPEC.home.copy(), 0 * command, 0 * command)
        for said in guiding.propose(sample, command, ('guiding', '')):
            openings.append(said.target[LEFT.gripper].item())
            assert said.target[RIGHT.gripper] == command[RIGHT.gripper]
    assert openings[0] == 0.3
    assert openings[-1] == pytest.approx(0.3 - 6 * 2.0 * SPEC.dt_s, abs=1e-9)


# -- a demonstration ------------------------------------------------------------------------------


def test_a_guided_demonstration_is_recorded_and_its_actions_do_the_task_again():
    """The arms are pulled along a wire by forces alone; servos then go where the hands went."""
    world = World(SPEC, make(TASKS, 'wire'))
    person = GuidingPerson(SPEC, 'wire', load_mapping())
    bag = BagSubscriber(SPEC, EpisodeRecorder(folder('guided')))
    loop = Loop(world, Arbiter(SPEC, load_sources()), hands=person, subscribers=[bag])
    bag.start({'task': 'wire', 'seed': 0}, 0)
    assert run(loop, person, 0).state == 'success'
    episode = decode_bag(bag.stop('success', 'stopped'), SPEC)
    known = labels(episode, SPEC, 'demonstrations')
    assert len(known.starts) > 0.95 * len(episode)
    world.reset(0)
    gaps = []
    for target in known.targets:
        world.step(target.astype(np.float64))
        gaps.append(world.joints().position)
    assert world.outcome().state == 'success'
    gaps = np.abs(np.array(gaps)[:-1] - episode.position[1:])
    assert gaps[:, LEFT.joints].max() < 0.02
    world.close()
