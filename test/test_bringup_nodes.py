"""What all nodes share: parameters as a table, one table of topics, bytes that cross unchanged."""

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, ReliabilityPolicy

from il_ros import wire
from il_ros.nodes import topics
from il_ros.nodes.params import Param, declare, names
from il_ros.nodes.run import initialise

PARAMS = (
    Param('rate_hz', 20.0, 'chunks published per second [Hz]', low=1.0, high=100.0),
    Param('count', 3, 'episodes', low=0),
    Param('transport', 'jpeg', 'how images travel', choices=('jpeg', 'raw'), fixed=True),
    Param('root_dir', '', 'folder'),
)


@pytest.fixture(scope='module', autouse=True)
def ros():
    initialise()
    yield
    rclpy.shutdown()


@pytest.fixture
def make_node():
    made = []

    def make(name='a_node', words=(), **options):
        made.append(Node(name, cli_args=['--ros-args', *words], **options))
        return made[-1]

    yield make
    for node in made:
        node.destroy_node()


def declared(make_node, *values):
    words = [word for value in values for word in ('-p', value)]
    return declare(make_node(words=words), PARAMS)


def test_parameters_are_defaults_and_what_was_given(make_node):
    p = declared(make_node, 'count:=7', 'root_dir:="2024"')
    assert (p.rate_hz, p.count, p.transport, p.root_dir) == (20.0, 7, 'jpeg', '2024')


def test_a_whole_number_is_taken_where_a_real_one_is_meant(make_node):
    rate = declared(make_node, 'rate_hz:=50').rate_hz
    assert rate == 50.0 and isinstance(rate, float)


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ('rate:=20.0', "unknown parameter 'rate' .did you mean 'rate_hz'"),
        ('rate_hz:=200.0', r"'rate_hz' \(chunks published per second \[Hz\]\): 200.0 is outside"),
        ('count:=-1', "'count' .episodes.: -1 is outside 0"),
        ('transport:=bmp', "'bmp' is none of jpeg, raw"),
        ('count:=many', "expected int, got 'many'"),
    ],
)
def test_a_wrong_parameter_is_refused_with_node_unit_and_remedy(make_node, given, message):
    with pytest.raises(ValueError, match=f'a_node: .*{message}'):
        declared(make_node, given)


def test_what_ros_itself_reads_is_no_typo(make_node):
    assert declared(make_node, 'use_sim_time:=true').count == 3


def test_ros2_param_describe_answers_a_newcomer(make_node):
    node = make_node()
    declare(node, PARAMS)
    rate, count, transport = node.describe_parameters(['rate_hz', 'count', 'transport'])
    assert rate.description == 'chunks published per second [Hz]'
    assert (rate.floating_point_range[0].from_value, rate.floating_point_range[0].to_value) == (
        1.0,
        100.0,
    )
    assert count.integer_range[0].from_value == 0
    assert transport.read_only and 'jpeg, raw' in transport.additional_constraints


def test_a_running_node_refuses_what_it_would_not_have_started_with(make_node):
    node = make_node()
    declare(node, PARAMS)
    for name, value in (('rate_hz', 500.0), ('count', -1), ('transport', 'raw')):
        (result,) = node.set_parameters([rclpy.Parameter(name, value=value)])
        assert not result.successful and node.get_parameter(name).value != value


def test_names_are_separated_by_commas():
    assert names('') == () and names(' a, b,') == ('a', 'b')


def test_quality_of_service_is_one_table():
    state, image = topics.qos(wire.JOINT_STATES), topics.qos(wire.image_topic('a', 'raw'))
    assert state.reliability == ReliabilityPolicy.RELIABLE
    assert image.reliability == ReliabilityPolicy.BEST_EFFORT
    latched = topics.qos(wire.EPISODE)
    assert latched.durability == DurabilityPolicy.TRANSIENT_LOCAL and latched.depth == 1
    kept = topics.qos(wire.image_topic('a', 'jpeg'), reliable=True, keep_all=True)
    assert kept.history == HistoryPolicy.KEEP_ALL
    assert kept.reliability == ReliabilityPolicy.RELIABLE


TOPICS = [t for t in vars(wire).values() if isinstance(t, wire.Topic)]


@pytest.mark.parametrize('topic', TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_a_message_class_here(topic):
    assert topics.message_class(topic).__name__ == topic.type.rsplit('/', 1)[-1]


def test_a_missing_message_package_is_named():
    with pytest.raises(ValueError, match='install the ROS package nowhere_msgs'):
        topics.message_class(wire.Topic('x', 'nowhere_msgs/msg/Thing'))


def received(make_node, topic, data, latecomer):
    """Return the bytes that one node of a namespace gets from another."""
    source, sink = make_node('source', namespace='/left'), make_node('sink', namespace='/left')
    got = []
    out = topics.publisher(source, topic)
    if latecomer:
        out.publish(data)
    topics.subscribe(sink, topic, got.append)
    executor = SingleThreadedExecutor()
    executor.add_node(sink)
    for _ in range(100):
        if got:
            break
        if not latecomer:
            out.publish(data)
        executor.spin_once(timeout_sec=0.1)
    executor.shutdown()
    return out.topic_name, got


def test_bytes_arrive_as_they_were_sent_and_a_namespace_moves_the_topic(make_node):
    data = wire.joy_msg(1_500_000_000, [0.5] * 6, [1] * 21)
    name, got = received(make_node, wire.JOY, data, latecomer=False)
    assert name == '/left/joy' and got[0] == data


def test_who_comes_late_gets_the_last_of_a_latched_topic(make_node):
    data = wire.string_msg('the block is out of sight')
    _, got = received(make_node, wire.REQUEST, data, latecomer=True)
    assert got == [data]


def test_a_topic_says_whether_it_is_offered_reliably(make_node):
    node, topic = make_node(), wire.image_topic('high', 'raw')
    assert not topics.offers_reliable(node, topic)
    topics.publisher(node, topic, reliable=True)
    assert topics.offers_reliable(node, topic)
    topics.publisher(node, topic)
    assert not topics.offers_reliable(node, topic)
