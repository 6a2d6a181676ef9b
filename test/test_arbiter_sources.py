"""config/arbiter.yaml: a typo is an error that says which key, where, and what was meant."""

import pytest

from il_ros.arbiter.sources import is_fresh, load_sources
from il_ros.spec import Proposal

GOOD = """
topics:
  policy: {topic: policy/action_chunk, timeout: 1.0, priority: 10}
  leader: {topic: leader/joint_states, timeout: 0.2, priority: 100}
locks:
  estop: {topic: estop, timeout: 0.0, priority: 255}
"""


@pytest.fixture
def write(tmp_path):
    """Write a configuration and return its path."""

    def _write(text):
        path = tmp_path / 'arbiter.yaml'
        path.write_text(text)
        return path

    return _write


def test_the_shipped_file_has_the_promised_sources():
    """Policy, a hand at the arms, leader, joystick and a latched e-stop."""
    config = load_sources()
    assert config.policy is not None and config.policy.topic == 'policy/action_chunk'
    persons = [source.name for source in config.persons]
    assert persons == ['guiding', 'leader', 'joystick', 'routine']
    assert config.lock('estop').is_estop


def test_another_source_is_a_line(write):
    """And is ranked by its priority."""
    extra = GOOD.replace('locks:', '  glove: {topic: glove, timeout: 0.1, priority: 50}\nlocks:')
    config = load_sources(write(extra))
    assert [source.name for source in config.persons] == ['leader', 'glove']
    assert config.source('glove').timeout == 0.1


def test_only_persons_and_no_locks_is_allowed(write):
    """Plain teleoperation."""
    config = load_sources(write('topics:\n  leader: {topic: l, timeout: 1, priority: 3}\n'))
    assert config.policy is None and config.locks == ()


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ('topics:', 'topic:', "unknown key 'topic' .did you mean 'topics'"),
        ('timeout: 0.2', 'timout: 0.2', "leader: unknown key 'timout' .did you mean 'timeout'"),
        (', priority: 100', '', 'leader: missing priority'),
        ('priority: 100', 'priority: 256', 'leader: priority 256 is outside 0 to 255'),
        ('priority: 100', 'priority: high', "leader: priority: expected int, got 'high'"),
        ('timeout: 0.2', 'timeout: soon', "leader: timeout: expected a number, got 'soon'"),
        ('timeout: 0.2', 'timeout: 0', 'leader: timeout 0.0 s'),
        ('timeout: 0.0', 'timeout: -1', 'estop: timeout -1.0 s'),
        ('priority: 100', 'priority: 10', 'leader and policy both have priority 10'),
        ('priority: 100', 'priority: 5', 'policy must have the lowest priority'),
        ('leader/joint_states', 'policy/action_chunk', "'policy/action_chunk' is listed twice"),
        ('topic: estop', 'topic: policy/action_chunk', 'listed twice'),
        ('  leader:', '  policy:', 'policy given twice in the block at line 3'),
        ('topic: estop, ', 'topic: estop, topic: stop, ', 'topic given twice'),
        ('locks:', 'lock:', "unknown key 'lock' .did you mean 'locks'"),
        ('{topic: estop, timeout: 0.0, priority: 255}', 'estop', 'estop: expected topic, timeout'),
    ],
)
def test_a_typo_is_named(write, old, new, message):
    """With the file, the entry and the nearest key."""
    assert old in GOOD
    path = write(GOOD.replace(old, new))
    with pytest.raises(ValueError, match=message) as error:
        load_sources(path)
    assert str(path) in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    """The path is in the message."""
    with pytest.raises(ValueError, match='no such file'):
        load_sources(tmp_path / 'nowhere.yaml')


@pytest.mark.parametrize(
    ('age_ns', 'fresh'), [(0, True), (200_000_000, True), (200_000_001, False), (-1, False)]
)
def test_a_proposal_lives_as_long_as_its_time_to_live(age_ns, fresh):
    """One from the future is not alive either."""
    proposal = Proposal(10**9, None, (True, True))
    assert is_fresh(proposal, 10**9 + age_ns, 0.2) is fresh
