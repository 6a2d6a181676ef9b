"""A take-over and a hand-back in the sim, done in three ways: ours, and two that are in use."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.control import Control
from il_ros.arbiter.sources import load_sources
from il_ros.sim.world import World
from il_ros.spec import ActionChunk, JointSample, RobotSpec
from il_ros.teleop.hands import Hands
from il_ros.teleop.layout import AXES, BUTTONS
from il_ros.teleop.leader_config import LeaderConfig
from il_ros.teleop.leader_map import LeaderReading
from il_ros.teleop.mapping_file import load_mapping

TICKS = 220
PRESSED, RELEASED = 60, 150  # the ticks at which the dead-man is pressed, and let go
T, E = 60, 16  # rows of a plan, and ticks after which the next one is made
FADE = 40  # ticks in which a plan goes over from where the arms are to where they shall be
ALIGN = 50  # ticks in which the arm is moved to the leader, where that comes first
HAND = 0.4  # [rad/s] of the hand's waist


@dataclass(frozen=True)
class Wishes:
    """What policy and person want, whoever has the arms; rows are ticks."""

    leader: np.ndarray  # (TICKS, A) where the leader arms are held
    path: np.ndarray  # (TICKS + T, A) where the policy wants to be

    def plan(self, tick: int, position: np.ndarray) -> np.ndarray:
        """Return the policy's targets (T, A) from a position (N,) seen at a tick."""
        off = (position - self.path[tick]) * np.exp(-np.arange(1, T + 1) / FADE)[:, None]
        return self.path[tick + 1 : tick + 1 + T] + off


@dataclass(frozen=True)
class Course:
    """What came of it."""

    command: np.ndarray  # (TICKS, A)
    joints: np.ndarray  # (TICKS, N) as the sim measured them


Way = Callable[[int, JointSample], np.ndarray]  # a tick and its joints -> the command (A,)


def wishes(spec: RobotSpec, seed: int, hand: float = HAND) -> Wishes:
    """Return what seed stands for: a policy under way, a leader elsewhere, a hand's speed."""
    rng = np.random.default_rng(seed)
    arms = np.zeros(spec.size)
    for arm in spec.arms:
        arms[arm.joints] = 1.0
    side = rng.choice([-1.0, 1.0])
    time_s = np.arange(TICKS + T)[:, None] * spec.dt_s
    swing = rng.uniform(0.1, 0.3, spec.size) * arms
    path = spec.home + side * swing * (1 - np.cos(1.5 * time_s))
    off = rng.normal(0, 0.25, spec.size) * arms
    waists = [arm.joints.start for arm in spec.arms]
    off[waists] = -side * rng.uniform(0.3, 0.6, len(waists))
    way = rng.normal(0, 0.1, spec.size) * arms
    way[waists] = -side
    moved_s = (np.arange(TICKS) - PRESSED).clip(0, RELEASED - PRESSED)[:, None] * spec.dt_s
    return Wishes(spec.home + off + hand * way * moved_s, path)


def ours(spec: RobotSpec, wanted: Wishes) -> Way:
    """Return leader arms, control and arbiter as they are in a session."""
    hands = Hands(spec, load_mapping(), LeaderConfig(mode='clutched'))
    control = Control(Arbiter(spec, load_sources()), hands, None, 1.0)

    def command(tick: int, joints: JointSample) -> np.ndarray:
        now_ns = joints.stamp_ns
        if tick % E == 1 or tick == RELEASED + 1:  # the pilot plans at once after a hand-back
            control.take_chunk(ActionChunk(now_ns, wanted.plan(tick, joints.position)))
        buttons = np.zeros(len(BUTTONS))
        buttons[BUTTONS.index('leftshoulder')] = is_held(tick)
        hands.take_joy(now_ns, np.zeros(len(AXES)), buttons)
        hands.take_leader(LeaderReading(now_ns, wanted.leader[tick], (True,) * len(spec.arms)))
        control.take_joints(joints)
        turn = control.tick(now_ns)
        assert turn is not None
        return turn.decision.command

    return command


def hard_switch(spec: RobotSpec, wanted: Wishes) -> Way:
    """
    Return the same proposals, executed as they are.

    The leader's pose is the command; after the hand-back the first plan is made from what the
    policy had seen last, which is from before the correction.
    """
    seen = spec.home
    plan, planned = np.empty((0, spec.size)), -E

    def command(tick: int, joints: JointSample) -> np.ndarray:
        nonlocal seen, plan, planned
        if is_held(tick):
            return wanted.leader[tick]
        if tick != RELEASED:
            seen = joints.position
        if tick == RELEASED or tick - planned >= E:
            plan, planned = wanted.plan(tick, seen), tick
        return plan[tick - planned]

    return command


def aligned_first(spec: RobotSpec, wanted: Wishes) -> Way:
    """Return a hard switch that moves the arms to the leader first; then the hand is heard."""
    switch, begun = hard_switch(spec, wanted), spec.home

    def command(tick: int, joints: JointSample) -> np.ndarray:
        nonlocal begun
        if not is_held(tick):
            begun = switch(tick, joints)
            return begun
        share = min(1.0, (tick - PRESSED + 1) / ALIGN)
        goal = wanted.leader[PRESSED] if share < 1.0 else wanted.leader[tick]
        return begun + share * (goal - begun)

    return command


WAYS = {'ours': ours, 'hard switch': hard_switch, 'aligned first': aligned_first}


def is_held(tick: int) -> bool:
    """Whether the person holds the dead-man at a tick."""
    return PRESSED <= tick < RELEASED


def play(world: World, way: str, wanted: Wishes, seed: int) -> Course:
    """Return what comes of a way over an empty table."""
    spec = world.spec
    world.reset(seed)
    decide = WAYS[way](spec, wanted)
    command, joints = np.zeros((TICKS, spec.size)), np.zeros((TICKS, spec.size))
    for tick in range(TICKS):
        sample = world.joints()
        command[tick] = decide(tick, sample)
        joints[tick] = sample.position
        world.step(command[tick].clip(spec.lower, spec.upper))
    return Course(command, joints)
