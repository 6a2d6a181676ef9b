"""A bag becomes an episode whose rows are exactly what was on the wire at each tick."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from small_bags import START_NS, SmallBag, write_bag

from il_ros import wire
from il_ros.dataset.episode import WHO
from il_ros.dataset.from_bag import EmptyEpisode, decode_bag
from il_ros.robot.load import load_robot
from il_ros.spec import CommandTopic, JointSample, Who

HUMAN, HOLD = WHO.index(Who.HUMAN), WHO.index(Who.HOLD)


@pytest.fixture(scope='module')
def spec():
    """The robot in the box."""
    return load_robot('sim')


def received(spec, values):
    """Return positions as a receiver of the message reads them."""
    return spec.from_wire(spec.to_wire(values))


def test_rows_are_what_a_live_reader_of_the_wire_gets(spec, tmp_path):
    """Bit for bit: the same numbers that observation and arbiter had."""
    bag = SmallBag(spec)
    episode = decode_bag(bag.write(tmp_path / 'bag'), spec)
    live = [
        wire.read_joints(spec, data)
        for _, topic, data in bag.messages()
        if topic is wire.JOINT_STATES
    ]
    np.testing.assert_array_equal(episode.stamp_ns, [s.stamp_ns for s in live])
    np.testing.assert_array_equal(episode.position, [s.position for s in live])
    np.testing.assert_array_equal(episode.velocity, [s.velocity for s in live])
    np.testing.assert_array_equal(episode.command, received(spec, bag.command))
    np.testing.assert_array_equal(episode.proposal, received(spec, bag.proposal))
    np.testing.assert_array_equal(episode.objects, bag.objects)
    assert (episode.who == HUMAN).all() and episode.who.shape == (20, 2)
    assert episode.labels.shape == (0, 2, spec.size) and episode.label_at.shape == (0,)
    assert episode.meta['seed'] == 7 and len(episode) == 20


def test_ends_are_dropped_and_gaps_are_held(spec, tmp_path):
    """Ticks 0, 1 and 19 have no command; tick 8 lost its authority, tick 9 its command."""
    bag = SmallBag(spec)
    bag.silent = {('command', 0), ('authority', 1), ('command', 19)}
    bag.silent |= {('authority', 8), ('command', 9)}
    episode = decode_bag(bag.write(tmp_path / 'bag'), spec)
    np.testing.assert_array_equal(episode.stamp_ns, bag.stamps[2:19])
    held = np.flatnonzero((episode.who == HOLD).all(1))
    np.testing.assert_array_equal(held + 2, [8, 9])
    np.testing.assert_array_equal(episode.command[8 - 2], received(spec, bag.command[8]))
    np.testing.assert_array_equal(episode.command[9 - 2], received(spec, bag.command[8]))
    assert np.isfinite(episode.command).all()


def test_a_late_tick_has_what_was_decided_in_its_place(spec, tmp_path):
    """Before its joints came, 8, or were made, 12; of 15 nothing was decided."""
    bag = SmallBag(spec)
    messages = []
    for stamp, topic, data in bag.messages():
        tick = bag.stamps.tolist().index(stamp)
        if topic is wire.JOINT_STATES or topic is wire.TASK_STATE or tick not in (8, 12, 15):
            messages.append((stamp, topic, data))
    for tick, late in ((8, 0.6), (12, -0.1)):
        stamp = int(bag.stamps[tick] + late * spec.dt_ns)
        decided = dict(bag._state(tick, stamp))
        messages += [(stamp, t, decided[t]) for t in (wire.PERSON, wire.AUTHORITY, wire.COMMAND)]
    episode = decode_bag(write_bag(tmp_path / 'bag', messages, bag.meta), spec)
    assert np.flatnonzero((episode.who == HOLD).any(1)).tolist() == [15]
    others = np.arange(len(episode)) != 15
    np.testing.assert_array_equal(episode.stamp_ns, bag.stamps)
    np.testing.assert_array_equal(episode.command[others], received(spec, bag.command[others]))
    np.testing.assert_array_equal(episode.proposal[others], received(spec, bag.proposal[others]))
    assert np.isnan(episode.proposal[15]).all()


def test_a_robot_that_tells_its_joints_faster_than_it_is_controlled_has_a_row_a_tick(
    spec, tmp_path
):
    bag = SmallBag(spec)
    messages = list(bag.messages())
    for part in (0.25, 0.5, 0.75):
        for stamp in (bag.stamps + part * spec.dt_ns).astype(int).tolist():
            sample = JointSample(stamp, spec.home, spec.home, spec.home)
            messages.append((stamp, wire.JOINT_STATES, wire.joints_msg(spec, sample)))
    episode = decode_bag(write_bag(tmp_path / 'bag', messages, bag.meta), spec)
    np.testing.assert_array_equal(episode.stamp_ns, bag.stamps)
    np.testing.assert_array_equal(episode.position, received(spec, bag.position))
    assert (episode.who == HUMAN).all()


def test_no_person_is_nan_and_no_objects_is_none(spec, tmp_path):
    """A real robot without a tracker, a policy without a person."""
    bag = SmallBag(spec, n=6)
    bag.silent = {(t, k) for t in ('person/proposal', 'task/state') for k in range(6)}
    bag.who[:, 0] = Who.POLICY.value
    episode = decode_bag(bag.write(tmp_path / 'bag'), spec)
    assert np.isnan(episode.proposal).all()
    assert episode.objects.shape == (6, 0, 7)
    assert (episode.who == [WHO.index(Who.POLICY), HUMAN]).all()


def test_whole_chunks_of_an_expert_are_labels(spec, tmp_path):
    """DAgger: a chunk for tick 3 and for tick 7, besides the proposals."""
    bag = SmallBag(spec, n=10)
    bag.labels = {3: np.full((5, spec.size), 0.25), 7: np.full((5, spec.size), 0.75)}
    episode = decode_bag(bag.write(tmp_path / 'bag'), spec)
    np.testing.assert_array_equal(episode.label_at, [3, 7])
    np.testing.assert_array_equal(episode.labels[1], received(spec, bag.labels[7]))
    assert np.isfinite(episode.proposal).all()
    bag.labels[7] = bag.labels[7][:4]
    with pytest.raises(ValueError, match=r'two.*\[4, 5\] points'):
        decode_bag(bag.write(tmp_path / 'two'), spec)


def grey(value, size=(12, 16)):
    """One colour, so that PNG and JPEG bring it back."""
    return np.full((*size, 3), value, dtype=np.uint8)


@pytest.mark.parametrize('transport', ['png', 'jpeg', 'raw'])
def test_images_are_the_newest_not_after_the_tick(spec, tmp_path, transport):
    """Every third tick, 1 ms early; the ticks before the first image have none and are dropped."""
    bag = SmallBag(spec, n=12)
    bag.transport = transport
    taken = {k: int(bag.stamps[k]) - 1_000_000 for k in (2, 5, 8, 11)}
    bag.images = {'cam_high': {stamp: grey(10 * k) for k, stamp in taken.items()}}
    bag.images['cam_low'] = {int(bag.stamps[0]): grey(200)}
    folder = bag.write(tmp_path / 'bag')
    episode = decode_bag(folder, spec, ('cam_high', 'cam_low'))
    np.testing.assert_array_equal(episode.stamp_ns, bag.stamps[2:])
    seen = episode.images['cam_high'][:, 0, 0, 0]
    np.testing.assert_array_equal(seen, [20] * 3 + [50] * 3 + [80] * 3 + [110])
    np.testing.assert_allclose(episode.image_age_s['cam_high'][:4], [0.001, 0.021, 0.041, 0.001])
    assert (episode.images['cam_low'] == 200).all()
    assert episode.images['cam_low'].shape == (10, 12, 16, 3)
    small = decode_bag(folder, spec, ('cam_high',), image_size=(8, 6), images_into=tmp_path)
    assert small.images['cam_high'].shape == (10, 6, 8, 3)
    assert isinstance(small.images['cam_high'], np.memmap)
    np.testing.assert_array_equal(small.images['cam_high'][:, 0, 0, 0], seen)


def test_colours_keep_their_order(spec, tmp_path):
    """RGB on all ways."""
    for transport in ('png', 'raw'):
        bag = SmallBag(spec, n=3)
        bag.transport = transport
        image = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
        bag.images = {'cam_high': {START_NS: image}}
        episode = decode_bag(bag.write(tmp_path / transport), spec, ('cam_high',))
        np.testing.assert_array_equal(episode.images['cam_high'], [image] * 3)


def test_a_missing_camera_is_named_with_those_there_are(spec, tmp_path):
    """The remedy is in the message."""
    bag = SmallBag(spec, n=3)
    bag.images = {'cam_high': {START_NS: grey(1)}}
    with pytest.raises(
        ValueError, match=r"bag: no images of camera 'cam_low'; it has \['cam_high'\]"
    ):
        decode_bag(bag.write(tmp_path / 'bag'), spec, ('cam_low',))


def test_another_robots_bag_is_refused_by_name(spec, tmp_path):
    """The bag and the joints that differ are named."""
    other = replace(spec, name='other', joint_names=(*spec.joint_names[:-1], 'claw'))
    bag = SmallBag(other, n=4)
    bag.meta = {**bag.meta, 'robot': 'other'}
    folder = bag.write(tmp_path / 'bag')
    why = f"{folder}.*right_gripper.*of robot 'other' and read as 'sim'; .* --robot other"
    with pytest.raises(wire.WrongJoints, match=why):
        decode_bag(folder, spec)


def test_an_episode_in_which_nobody_acted_says_so(spec, tmp_path):
    """No authority at all, or never together with a command."""
    bag = SmallBag(spec, n=4)
    bag.silent = {('authority', k) for k in range(4)}
    with pytest.raises(EmptyEpisode, match='no message on authority'):
        decode_bag(bag.write(tmp_path / 'one'), spec)
    bag.silent = {('authority', 0), ('authority', 1), ('command', 2), ('command', 3)}
    with pytest.raises(EmptyEpisode, match='none of 4 ticks'):
        decode_bag(bag.write(tmp_path / 'two'), spec)


def arm_joints(spec, arm, stamp, position):
    """A JointState of one arm only, last joint first, with a joint that is none of ours."""
    names = list(spec.joint_names)[arm.all][::-1]
    values = spec.to_wire(position)[arm.all][::-1]
    kind = wire.STORE.types[wire.JOINT_STATES.type]
    message = kind(
        header=wire.header(stamp),
        name=['wheel', *names],
        position=np.array([9.0, *values]),
        velocity=np.zeros(0),
        effort=np.zeros(0),
    )
    return wire.to_bytes(wire.JOINT_STATES, message)


def one_arm_command(spec, arm, values):
    """A Float64MultiArray for one arm's controller, in joint units."""
    types = wire.STORE.types
    layout = types['std_msgs/msg/MultiArrayLayout'](dim=[], data_offset=0)
    kind = 'std_msgs/msg/Float64MultiArray'
    return wire.to_bytes(kind, types[kind](layout=layout, data=spec.to_wire(values)[arm.all]))


def test_a_robot_of_two_controllers_is_merged_by_name(spec, tmp_path):
    """Joint states at 125 and 100 Hz with stamps of their own, two headerless command topics."""
    floats = 'std_msgs/msg/Float64MultiArray'
    states = tuple(f'follower_{arm.name}/joint_states' for arm in spec.arms)
    topics = tuple(
        CommandTopic(f'follower_{arm.name}/commands', floats, spec.joint_names[arm.all])
        for arm in spec.arms
    )
    robot = replace(spec, joint_state_topics=states, command_topics=topics)
    bag = SmallBag(robot, n=8)
    rows = [row for row in bag.messages() if row[1] in (wire.AUTHORITY, wire.TASK_STATE)]
    for arm, state, command, period in zip(
        spec.arms, states, topics, (8_000_000, 10_000_000), strict=True
    ):
        for i, stamp in enumerate(range(START_NS - 3_000_000, int(bag.stamps[-1]), period)):
            data = arm_joints(spec, arm, stamp, np.full(spec.size, 0.001 * i))
            rows.append((stamp, wire.Topic(state, wire.JOINT_STATES.type), data))
        for tick, stamp in enumerate(bag.stamps.tolist()):
            data = one_arm_command(spec, arm, bag.command[tick])
            rows.append((stamp + 2_000_000, wire.Topic(command.topic, floats), data))
    episode = decode_bag(write_bag(tmp_path / 'bag', rows, {}), robot)
    np.testing.assert_array_equal(episode.stamp_ns, bag.stamps)
    np.testing.assert_array_equal(episode.command, received(spec, bag.command))
    left, right = (episode.position[:, arm.joints.start] for arm in spec.arms)
    ages = bag.stamps - START_NS + 3_000_000
    np.testing.assert_allclose(left, 0.001 * (ages // 8_000_000), atol=1e-12)
    np.testing.assert_allclose(right, 0.001 * (ages // 10_000_000), atol=1e-12)
    assert (episode.velocity == 0).all()


def test_a_camera_that_changes_its_size_is_refused(spec, tmp_path):
    """An array has one shape."""
    bag = SmallBag(spec, n=4)
    second = int(bag.stamps[2])
    bag.images = {'cam_high': {START_NS: grey(1), second: grey(2, (6, 8))}}
    with pytest.raises(ValueError, match='changes its size'):
        decode_bag(bag.write(tmp_path / 'bag'), spec, ('cam_high',))


def peak_bytes(spec, folder, into):
    """Most memory held at once while decoding to files."""
    into.mkdir()
    tracemalloc.start()
    try:
        decode_bag(folder, spec, ('cam_high',), images_into=into)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_flat_as_episodes_grow(spec, tmp_path):
    """Three times the frames, 7 MB more of pixels, and hardly more memory."""
    peaks = []
    for n in (60, 180):
        bag = SmallBag(spec, n=n)
        bag.transport = 'raw'
        bag.images = {'cam_high': {int(s): grey(i, (120, 160)) for i, s in enumerate(bag.stamps)}}
        folder = bag.write(tmp_path / f'bag{n}')
        peaks.append(peak_bytes(spec, folder, tmp_path / f'into{n}'))
    assert peaks[1] - peaks[0] < 3e6
