"""Lockstep: a graph does, bit for bit, what one process does; who keeps it waiting is dropped."""

import io
import shutil
import signal
from dataclasses import replace
from itertools import pairwise, takewhile
from time import monotonic

import numpy as np
import pytest
from graph import Graph, checkpoint

from il_ros import wire
from il_ros.arbiter.arbiter import Arbiter
from il_ros.arbiter.gate import Gate
from il_ros.arbiter.sources import load_sources
from il_ros.bringup.processes import up
from il_ros.dataset.cache import load_episodes
from il_ros.dataset.episode import WHO
from il_ros.dataset.labels import labels
from il_ros.nodes.graph_parts import GraphParts
from il_ros.nodes.graph_rig import GraphRig
from il_ros.policy.pilot import load_pilot
from il_ros.policy.scores.bounds import Bounds
from il_ros.policy.scores.kept import Kept, keep
from il_ros.recorder.episode import EpisodeRecorder
from il_ros.recorder.read import read_bag, read_meta
from il_ros.registry import make
from il_ros.robot.load import load_robot
from il_ros.rollout.hands import OperatorHands
from il_ros.rollout.loop import Loop, cameras_of, through_wire
from il_ros.rollout.recording import BagSubscriber
from il_ros.session.collect import Collection, collect, read_results
from il_ros.session.episode import EpisodePlan, Tally
from il_ros.session.local import LocalRig
from il_ros.session.phases import Phase, Standing
from il_ros.session.steering import Steering
from il_ros.sim.tasks import TASKS
from il_ros.sim.world import World
from il_ros.spec import JointSample, Who

SPEC = load_robot('sim')
CAMERAS = ('cam_high',)
ARRAYS = ('stamp_ns', 'position', 'velocity', 'objects', 'command', 'proposal', 'who')


@pytest.fixture
def one_thread():
    """Torch with one thread, as in the policy node."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def assert_same(one, other):
    """Two recorded episodes are the same to the last bit."""
    for name in ARRAYS:
        mine, yours = getattr(one, name), getattr(other, name)
        assert mine.dtype == yours.dtype
        np.testing.assert_array_equal(mine, yours, err_msg=name)
    assert one.images.keys() == other.images.keys()
    for name in one.images:
        np.testing.assert_array_equal(one.images[name], other.images[name])


def test_a_demonstration_is_the_same_through_the_graph_and_in_one_process(tmp_path):
    given = {'root_dir': str(tmp_path / 'graph'), 'episodes': '1', 'lockstep': 'true'}
    log = io.StringIO()
    assert up('record', {**given, 'seed': '7'}, out=log) == 0, log.getvalue()
    wanted = Collection(tmp_path / 'local', 'transfer', 1, range(7, 8), 'always')
    collect(LocalRig(SPEC, 'transfer'), wanted, lambda result: None)
    (graph,) = load_episodes(tmp_path / 'graph', SPEC)
    (local,) = load_episodes(tmp_path / 'local', SPEC)
    assert_same(graph, local)
    (one,), (other,) = (read_results(tmp_path / name) for name in ('graph', 'local'))
    assert (one.outcome, one.ticks, one.human_ticks) == (other.outcome, other.ticks, other.ticks)
    assert one.is_repeatable
    assert graph.meta['demonstrator_style'] == local.meta['demonstrator_style']


SILENCE_S = 2.0
PARTICIPANTS = {'participants': 'policy,leader,joy', 'silence_s': SILENCE_S}
PARTS = {
    'sim_node': {'lockstep': True, 'cameras': 'cam_high'},
    'policy_node': {'lockstep': True},
    'intervention_node': {'lockstep': True, 'gate': 'spread', **PARTICIPANTS},
    'operator_node': {'lockstep': True},
    'recorder_node': {'lockstep': True, 'cameras': 'cam_high'},
}


TICKS = {'correct': 240, 'off': 40}  # after which a person stops the episode


def plans(root):
    """A policy that is corrected by the synthetic operator, that is alone, and without a gate."""
    corrected = EpisodePlan(0, 11, 'transfer', 'correct', 0, with_policy=True, root=str(root))
    alone = replace(corrected, number=1, seed=12, operator='off')
    return [corrected, alone, replace(alone, number=2, is_gated=False)]


def gated_checkpoint(folder):
    """Return a checkpoint whose spread is above its bound at some of the first plans."""
    shutil.copytree(checkpoint(0, cameras=CAMERAS), folder)
    version = load_pilot(folder, SPEC, 'cpu').version
    keep(folder, version, {'spread': Kept({})})
    loop = loop_of(folder, None)
    loop.reset(12)
    values = []
    for _ in range(TICKS['off']):
        step = loop.tick()
        values += [reading.value for reading in step.chunk.scores.values()] if step.chunk else []
        loop.world.step(through_wire(SPEC, step.decision.command))
    bounds = Bounds(float(np.median(values)), min(values), 20, 0.05)
    keep(folder, version, {'spread': Kept({}, bounds)})
    return folder


def loop_of(folder, gate):
    """Return a loop in which a checkpoint acts."""
    world = World(SPEC, make(TASKS, 'transfer'), cameras_of(SPEC, CAMERAS))
    return Loop(world, Arbiter(SPEC, load_sources(), gate), load_pilot(folder, SPEC, 'cpu'))


def through_the_graph(folder, root):
    """Run the plans, and one whose operator freezes; return the results."""
    with Graph(PARTS, namespace='/robot1') as graph:
        steering = Steering(Standing(lambda phase, values: None))
        parts = GraphParts(graph.client, list(PARTS), is_lockstep=True)
        rig = GraphRig(parts, steering, False, 60.0, {'lockstep': True})
        rig.load(str(folder))

        def run(plan, at_tick):
            rig.tally = Tally()  # not the last episode's, which would stop this one
            timer = graph.node.create_timer(0.002, lambda: at_tick(rig.tally.ticks))
            result = rig.episode(plan)
            graph.node.destroy_timer(timer)
            return result

        def stop_at(limit):
            return lambda ticks: ticks >= limit and steering.refusal('stop')

        pause = Pause(steering)

        def pause_and_stop_at(limit):
            return lambda ticks: (pause.look(ticks), stop_at(limit)(ticks))

        results = [run(plan, pause_and_stop_at(TICKS[plan.operator])) for plan in plans(root)]
        assert len({ticks for when_s, ticks in pause.seen if when_s > pause.seen[0][0] + 0.5}) == 1
        operator = graph.processes['operator_node']

        def freeze_and_stop(ticks):
            frozen = 20 <= ticks < 40
            operator.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)
            stop_at(40)(ticks)

        frozen = EpisodePlan(3, 13, 'transfer', 'always', 0, True, f'{root}_frozen')
        return [*results, run(frozen, freeze_and_stop)]


class Pause:
    """A pause that lasts until anybody silent would have been dropped; sees its ticks."""

    def __init__(self, steering):
        self.steering, self.seen = steering, []  # when [s], ticks
        self.is_over = False  # the world steps again a moment before the phase says so

    def look(self, ticks):
        """Say pause, once, and start."""
        phase = self.steering.standing.phase
        if phase is Phase.RUNNING and ticks >= 10 and not self.seen:
            self.steering.refusal('pause')
        elif phase is Phase.PAUSED and not self.is_over:
            self.seen.append((monotonic(), ticks))
            if self.seen[-1][0] > self.seen[0][0] + SILENCE_S + 0.5:
                self.is_over = self.steering.refusal('start') == ''


def in_one_process(folder, root, recorded):
    """Run the plans with the same parts in a loop, for as long as they were recorded."""
    loop = loop_of(folder, Gate('spread'))
    world = loop.world
    recording = BagSubscriber(SPEC, EpisodeRecorder(root))
    for plan, episode in zip(plans(root), recorded, strict=True):
        correcting = plan.operator == 'correct'
        loop.hands = OperatorHands(SPEC, 'transfer', 0, always=False) if correcting else None
        loop.arbiter.gate = Gate('spread' if plan.is_gated else '')
        while world.now_ns + SPEC.dt_ns < episode.stamp_ns[0]:  # until it was really stopped
            world.step(None)
        loop.reset(plan.seed)
        recording.start(plan.meta(), world.now_ns)
        for _ in episode.stamp_ns:
            step = loop.tick()
            recording(step)
            world.step(through_wire(SPEC, step.decision.command))
        recording.stop('unlabeled', 'stopped')


def waits(episode):
    """Return for how many ticks the left arm held after each hand-back."""
    acted = [WHO[code] for code in episode.who[:, 0]]
    ends = [i for i, (was, now) in enumerate(pairwise(acted), 1) if was is Who.HUMAN is not now]
    held = [list(takewhile(lambda who: who is Who.HOLD, acted[end:])) for end in ends]
    return [len(ticks) for ticks in held]


def gates(episode):
    """Return the gate's score and why the left arm was whose, tick by tick."""
    rows = read_bag(episode.path, {wire.AUTHORITY.name})
    arms = [wire.read_authority(data)[1][0] for _, _, _, data in rows]
    return [(repr(arm.gate_score), arm.why) for arm in arms]


def called(episode):
    """Return why the gate held, for each tick at which it did."""
    return [why for _, why in gates(episode) if why.startswith('gate: spread')]


def test_policy_and_operator_do_the_same_through_the_graph_and_in_one_process(
    tmp_path, one_thread
):
    folder = gated_checkpoint(tmp_path / 'policy')
    corrected, alone, ungated, frozen = through_the_graph(folder, tmp_path / 'graph')
    assert corrected.interventions > 0 and corrected.human_ticks < corrected.ticks
    assert corrected.human_ticks * SPEC.dt_s <= corrected.attention_s  # it watched, too
    assert corrected.is_repeatable  # and the same, tick by tick, in spite of a pause
    assert alone.human_ticks == 0 and alone.termination == 'stopped' and alone.is_repeatable
    assert ungated.is_repeatable and not frozen.is_repeatable
    assert read_meta(frozen.bag)['dropped'] == 'leader, joy'
    graph = load_episodes(tmp_path / 'graph', SPEC, CAMERAS)
    in_one_process(folder, tmp_path / 'local', graph)
    local = load_episodes(tmp_path / 'local', SPEC, CAMERAS)
    for one, other in zip(graph, local, strict=True):
        assert len(one.stamp_ns) >= TICKS[one.meta['operator']]
        assert_same(one, other)
        assert gates(one) == gates(other)
        assert one.meta['namespace'] == '/robot1'
    assert [whys for _, whys in gates(local[1])].count('chunk') > 0 < len(called(local[1]))
    assert not called(graph[2]) and {score for score, _ in gates(graph[2])} == {'nan'}
    assert waits(local[0]) and max(waits(local[0])) <= 1  # ticks after a hand-back


def test_who_does_not_answer_is_named_and_dropped_and_the_robot_holds():
    parameters = {'lockstep': True, 'participants': 'policy,leader', 'silence_s': 0.2}
    with Graph({'intervention_node': parameters}) as graph:
        graph.listen(wire.AUTHORITY, wire.COMMAND)
        still = np.zeros(SPEC.size)
        sample = JointSample(SPEC.dt_ns, SPEC.home, still, still)
        graph.publish(wire.LEADER, wire.joints_msg(SPEC, sample))
        graph.publish(wire.JOINT_STATES, wire.joints_msg(SPEC, sample))
        arms = graph.next(wire.AUTHORITY, read=lambda data: wire.read_authority(data)[1])
        assert {(arm.who.value, arm.why) for arm in arms} == {('hold', 'no answer from policy')}
        graph.wait(lambda: graph.heard[wire.COMMAND.name], 'the command to hold')
        command = wire.read_trajectory(SPEC, graph.heard[wire.COMMAND.name][0], 'command')
        np.testing.assert_allclose(command.targets[0], SPEC.home, atol=1e-12)
        assert graph.ask('intervention_node/dropped') == (True, 'policy')
        assert 'policy did not answer for' in graph.log()
        assert graph.ask('intervention_node/reset')[0]
        assert graph.ask('intervention_node/dropped') == (True, '')


def test_a_policy_is_corrected_by_leader_arms_that_the_operator_holds(tmp_path):
    """The nodes of `hg_dagger leader:=sim`: arms whose joints are counted otherwise."""
    parts = {name: {**given} for name, given in PARTS.items()}
    parts['leader_node'], parts['intervention_node']['gate'] = {'lockstep': True}, ''
    for name in ('leader_node', 'operator_node', 'intervention_node'):
        parts[name]['leader'] = 'sim'
    with Graph(parts) as graph:
        steering = Steering(Standing(lambda phase, values: None))
        rig = GraphRig(GraphParts(graph.client, list(parts), True), steering, False, 60.0, {})
        rig.load(str(checkpoint(0, cameras=CAMERAS)))
        plan = EpisodePlan(0, 11, 'transfer', 'correct', 0, with_policy=True, root=str(tmp_path))
        graph.node.create_timer(
            0.002, lambda: rig.tally.human_ticks >= 40 and steering.refusal('stop')
        )
        result = rig.episode(plan)
    assert result.interventions and result.is_repeatable
    (episode,) = load_episodes(tmp_path, SPEC)
    human = (episode.who == WHO.index(Who.HUMAN)).any(1)
    assert human.sum() >= 40 and (episode.who == WHO.index(Who.POLICY)).any()
    assert np.flatnonzero(human).tolist() == labels(episode, SPEC, 'demonstrations').seen.tolist()
    went = np.abs(np.diff(episode.command[human], axis=0)).max(1)
    assert (went[1:] > 0).all()  # along with the hand, from the first tick on
