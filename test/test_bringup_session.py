"""Sessions as data: arguments are checked before anything starts, parameters fit their nodes."""

from importlib import import_module

import pytest

from il_ros.bringup.hands import HANDS
from il_ros.bringup.session import Argument, NodeSpec, Session, parse, parts_of, text_of, values_of
from il_ros.bringup.sessions import SESSIONS, session_of

BESIDES = {'leader': {'leader': 'window'}}  # what a choice cannot do without
PLAIN = ('teleop',)  # goes on until stopped
GIVEN = {'checkpoint': 'runs/policy'}
ONE = Session(
    'one node',
    (
        Argument('count', 3, 'how many'),
        Argument('namespace', '', 'of every node'),
        Argument('params', '', 'parameters YAML'),
    ),
    (NodeSpec('sim_node', {'seed': '$count', 'task': 'pick_$count', 'cost': '5 $$'}),),
)


def given_to(name):
    return {a.name: GIVEN[a.name] for a in SESSIONS[name].arguments if a.is_needed}


@pytest.mark.parametrize('name', SESSIONS)
def test_every_parameter_of_a_session_is_one_of_its_node_and_of_its_type(name):
    for part in parts_of(SESSIONS[name], given_to(name)):
        known = {p.name: p for p in import_module(f'il_ros.nodes.{part.node}').PARAMS}
        for key, value in part.parameters.items():
            assert type(value) is type(known[key].default), f'{part.node}: {key}'


@pytest.mark.parametrize('name', SESSIONS)
def test_every_choice_of_a_session_can_be_started(name):
    for argument in SESSIONS[name].arguments:
        for choice in argument.choices:
            given = {**given_to(name), **BESIDES.get(choice, {}), argument.name: choice}
            parts = parts_of(SESSIONS[name], given)
            assert name in PLAIN or [part for part in parts if part.ends_session]
            for part in parts:
                assert import_module(f'il_ros.nodes.{part.node}').main


def test_nodes_take_part_as_the_arguments_say():
    def nodes(given):
        return [part.node for part in parts_of(SESSIONS['record'], given)]

    assert 'operator_node' in nodes({}) and 'joystick_node' not in nodes({})
    assert 'joystick_node' in nodes({'hands': 'joystick'})
    assert 'keyboard_node' in nodes({'hands': 'keyboard'})
    assert 'sim_node' not in nodes({'sim': 'false'})
    assert 'leader_node' not in nodes({})
    assert 'leader_node' in nodes({'hands': 'leader', 'leader': 'gello'})
    assert {'leader_node', 'operator_node'} <= set(nodes({'leader': 'sim'}))
    assert {'leader_node', 'joystick_node'} <= set(nodes({'hands': 'joystick', 'leader': 'gello'}))


@pytest.mark.parametrize('hands', [*HANDS, 'none'])
@pytest.mark.parametrize('name', SESSIONS)
def test_every_session_has_any_hands_or_says_which_it_has(name, hands):
    """A person may take over a deployment as they may correct a round of HG-DAgger."""
    given = {**given_to(name), **BESIDES.get(hands, {}), 'hands': hands}
    choices = next(a.choices for a in SESSIONS[name].arguments if a.name == 'hands')
    if hands not in choices:
        assert hands in ('operator', 'none')
        with pytest.raises(ValueError, match=f'hands:={hands}: expected .*joystick or leader'):
            parts_of(SESSIONS[name], given)
        return
    parts = {part.node: part.parameters for part in parts_of(SESSIONS[name], given)}
    assert (f'{hands}_node' in parts) == (hands not in ('guiding', 'none'))
    assert parts['intervention_node']['guiding'] == (hands == 'guiding')
    heard = {p['mapping'] for p in parts.values() if 'mapping' in p}
    assert heard == {'keyboard' if hands == 'keyboard' else 'xbox'}
    if hands != 'operator' and any(a.name == 'lockstep' for a in SESSIONS[name].arguments):
        more = {'guiding': 'true'} if hands == 'none' else {}
        with pytest.raises(ValueError, match='a person cannot keep up with lockstep'):
            parts_of(SESSIONS[name], {**given, **more, 'lockstep': 'true'})


def test_an_empty_mapping_is_that_of_the_hands():
    def mappings(given):
        parts = parts_of(SESSIONS['record'], given)
        return {part.parameters['mapping'] for part in parts if 'mapping' in part.parameters}

    assert mappings({'hands': 'keyboard'}) == {'keyboard'}
    assert mappings({'hands': 'keyboard', 'mapping': 'pedal'}) == {'pedal'}
    assert mappings({'hands': 'joystick'}) == mappings({}) == {'xbox'}


def test_the_session_node_is_told_which_nodes_there_are():
    parts = parts_of(SESSIONS['record'], {'hands': 'joystick', 'sim': 'false'})
    told = next(part for part in parts if part.ends_session).parameters['parts']
    assert told == ','.join(part.node for part in parts)


def test_lockstep_waits_for_those_who_answer():
    def participants(given):
        parts = parts_of(SESSIONS['hg_dagger'], {**GIVEN, **given})
        return next(p for p in parts if p.node == 'intervention_node').parameters['participants']

    assert participants({}) == 'policy,leader,joy'
    assert participants({'hands': 'joystick'}) == 'policy'


def test_a_lone_name_keeps_its_type_and_one_inside_text_becomes_text():
    (part,) = parts_of(ONE, {'count': '7'})
    assert part.parameters == {'seed': 7, 'task': 'pick_7', 'cost': '5 $'}


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        ({'episods': '3'}, "unknown argument 'episods' .did you mean 'episodes'"),
        ({'episodes': 'many'}, 'episodes:=many: expected int'),
        ({'lockstep': 'yes'}, 'lockstep:=yes: expected bool'),
        ({'hands': 'foot'}, 'hands:=foot: expected operator or joystick'),
        ({'sim': 'false', 'lockstep': 'true'}, 'needs the sim'),
        ({'hands': 'joystick', 'lockstep': 'true'}, 'needs lockstep:=false'),
        ({'hands': 'leader'}, 'hands:=leader needs leader:=NAME'),
        ({'hands': 'leader', 'leader': 'sim'}, 'leader:=sim needs hands:=operator'),
        ({'guiding': 'true'}, 'guiding:=true needs a person'),
    ],
)
def test_wrong_arguments_are_refused_with_the_remedy(given, message):
    with pytest.raises(ValueError, match=message):
        values_of(SESSIONS['record'], given)


def test_a_needed_argument_that_is_missing_is_named():
    with pytest.raises(ValueError, match=r'checkpoint:=.*missing'):
        values_of(SESSIONS['bc_deployment'], {})


def test_an_unknown_session_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'record'"):
        session_of('recrod')


def test_words_are_name_value_pairs():
    assert parse(['data:=a,b', 'note:=x:=y', 'empty:=']) == {
        'data': 'a,b',
        'note': 'x:=y',
        'empty': '',
    }
    with pytest.raises(ValueError, match='expected name:=value'):
        parse(['episodes=3'])


@pytest.mark.parametrize('name', SESSIONS)
def test_a_default_can_be_typed(name):
    session = SESSIONS[name]
    typed = {a.name: text_of(a.default) for a in session.arguments if not a.is_needed}
    assert values_of(session, {**typed, **given_to(name)}) == values_of(session, given_to(name))


def test_a_namespace_is_written_as_ros_does():
    for text in ('left', '/left', 'left/'):
        assert parts_of(ONE, {'namespace': text})[0].namespace == '/left'
    assert parts_of(ONE, {})[0].namespace == ''


def test_a_parameters_file_lies_over_the_session(tmp_path):
    path = tmp_path / 'mine.yaml'
    path.write_text('/**/sim_node:\n  ros__parameters: {seed: 9, command_timeout_s: 0.5}\n')
    (part,) = parts_of(ONE, {'params': str(path)})
    assert part.parameters['seed'] == 9 and part.parameters['command_timeout_s'] == 0.5
    assert part.parameters['task'] == 'pick_3'


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('sim_nod:\n  ros__parameters: {seed: 1}\n', "'sim_nod'.*did you mean 'sim_node'"),
        ('sim_node: {seed: 1}\n', 'ros__parameters'),
        ('sim_node: [\n', 'not valid YAML'),
    ],
)
def test_a_parameters_file_with_a_typo_is_refused(tmp_path, text, message):
    path = tmp_path / 'mine.yaml'
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        parts_of(ONE, {'params': str(path)})
    assert str(path) in str(caught.value)
