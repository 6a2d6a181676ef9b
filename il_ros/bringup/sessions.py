"""The sessions: which nodes, with which parameters, for which arguments; a new one is a value."""

from collections.abc import Mapping
from dataclasses import replace

from il_ros.bringup.hands import DEVICES, EMPTY, HANDS, OF_HANDS, OF_PERSON, WITH_HANDS, by_hands
from il_ros.bringup.overrides import Value
from il_ros.bringup.session import Argument, Conflict, NodeSpec, Pick, Session
from il_ros.registry import nearest

COMMON = (
    Argument('robot', 'sim', 'name in config/robots, or a robot YAML'),
    Argument('task', 'transfer', 'see `il-ros list tasks`'),
    Argument('sim', True, 'start the sim; false on a robot, whose driver is started apart'),
    Argument('lockstep', False, 'repeatable and as fast as the machine, instead of in real time'),
    Argument('cameras', '', 'cameras to publish and record, separated by commas'),
    Argument('transport', 'jpeg', 'how images travel', choices=('jpeg', 'png', 'raw')),
    Argument('window', False, 'show the sim in a window, where the mouse pulls at the arms'),
    Argument('seed', -1, 'first seed; -1 begins the range that the session stands for'),
    Argument('namespace', '', 'of every node: moves a whole robot'),
    Argument('params', '', 'ROS parameters YAML laid over what the session gives its nodes'),
)
WITH_POLICY = (
    Argument('checkpoint', '', 'folder of the checkpoint that acts', is_needed=True),
    Argument('device', 'auto', 'where the policy runs: auto, cpu or cuda'),
    Argument('gate', '', 'score that calls a person, see docs/gate.md; "": none does'),
    Argument('gate_holds', True, 'hold until somebody comes; false only warns'),
)
GATE = {'gate': '$gate', 'gate_holds': '$gate_holds'}
CONFLICTS = (
    Conflict(
        {'sim': False, 'lockstep': True}, 'lockstep:=true needs the sim: a robot cannot wait'
    ),
)
UNREPEATABLE = Conflict(
    {'background': True, 'lockstep': True},
    'background:=true needs lockstep:=false: when a training ends is not repeatable',
)
SIM = NodeSpec(
    'sim_node',
    {
        'robot': '$robot',
        'task': '$task',
        'lockstep': '$lockstep',
        'cameras': '$cameras',
        'transport': '$transport',
        'window': '$window',
    },
    when={'sim': True},
)
RECORDER = NodeSpec(
    'recorder_node',
    {
        'robot': '$robot',
        'root_dir': '$root_dir',
        'lockstep': '$lockstep',
        'cameras': '$cameras',
        'transport': '$transport',
    },
)
POLICY = NodeSpec(
    'policy_node',
    {
        'robot': '$robot',
        'checkpoint': '$checkpoint',
        'device': '$device',
        'lockstep': '$lockstep',
        'transport': '$transport',
    },
)
OPERATOR = NodeSpec(
    'operator_node',
    {'robot': '$robot', 'task': '$task', 'lockstep': '$lockstep', 'leader': '$leader'},
    {'hands': 'operator'},
)


def _intervention(participants: str | Pick, *more: Mapping[str, Value | Pick]) -> NodeSpec:
    """Return the intervention node; participants answer each tick of lockstep."""
    parameters: dict[str, Value | Pick] = {'robot': '$robot', 'lockstep': '$lockstep'}
    for others in ({'participants': participants}, *more):
        parameters.update(others)
    return NodeSpec('intervention_node', parameters)


def _answering(simulated: str, real: str) -> Pick:
    """Return who answers each tick, with simulated hands or a person's."""
    return by_hands(real, operator=simulated)


def _session(kind: str, *arguments: str) -> NodeSpec:
    """Return the session node, which ends the session; arguments are passed on by their names."""
    passed = ('robot', 'task', 'lockstep', 'root_dir', 'episodes', 'seed', *arguments)
    parameters = {'kind': kind, 'parts': '$nodes', **{name: f'${name}' for name in passed}}
    return NodeSpec('session_node', parameters, ends_session=True)


def _in_real_time(*nodes: NodeSpec) -> tuple[NodeSpec, ...]:
    """Return nodes of a session that has no lockstep to choose."""
    return tuple(
        replace(n, parameters={k: v for k, v in n.parameters.items() if k != 'lockstep'})
        for n in nodes
    )


SESSIONS = {
    'record': Session(
        'collect demonstrations',
        (
            Argument('root_dir', 'runs/record', 'folder of the bags; what it has is kept'),
            Argument('episodes', 10, 'episodes the folder shall have'),
            Argument('hands', 'operator', 'who demonstrates', choices=HANDS),
            *OF_PERSON,
            Argument('demonstrators', 1, 'synthetic demonstrators that take turns'),
            *COMMON,
        ),
        (
            SIM,
            _intervention(_answering('leader,joy', ''), OF_HANDS),
            RECORDER,
            OPERATOR,
            *DEVICES,
            _session('record', 'demonstrators', 'mapping', 'hands'),
        ),
        (*CONFLICTS, *WITH_HANDS),
        EMPTY,
    ),
    'bc_deployment': Session(
        'let a policy act, and record what it does',
        (
            *WITH_POLICY,
            Argument('root_dir', 'runs/bc_deployment', 'folder of the bags; what it has is kept'),
            Argument('episodes', 0, 'episodes the folder shall have; 0 goes on until stopped'),
            Argument('hands', 'none', 'who may take over', choices=(*HANDS[1:], 'none')),
            *OF_PERSON,
            *COMMON,
        ),
        (
            SIM,
            POLICY,
            _intervention('policy', OF_HANDS, GATE),
            RECORDER,
            *DEVICES,
            _session('evaluate', 'checkpoint', 'mapping', 'hands'),
        ),
        (*CONFLICTS, *WITH_HANDS),
        EMPTY,
    ),
    'hg_dagger': Session(
        'rounds of acting, being corrected and learning from it',
        (
            *WITH_POLICY,
            Argument('root_dir', 'runs/hg_dagger', 'folder of the rounds; what it has is kept'),
            Argument('episodes', 20, 'episodes a round'),
            Argument('rounds', 5, 'rounds'),
            Argument('evaluation_episodes', 20, 'episodes of the evaluation after each round'),
            Argument('train_seconds', 0.0, 'wall-clock of each training [s]; 0 as before'),
            Argument('data', '', 'bags to learn from besides, separated by commas'),
            Argument('background', False, 'learn from a round while the next is collected'),
            Argument('hands', 'operator', 'who corrects', choices=HANDS),
            *OF_PERSON,
            *COMMON,
        ),
        (
            SIM,
            POLICY,
            _intervention(_answering('policy,leader,joy', 'policy'), OF_HANDS, GATE),
            RECORDER,
            OPERATOR,
            *DEVICES,
            _session(
                'hg_dagger',
                'checkpoint',
                'rounds',
                'evaluation_episodes',
                'train_seconds',
                'data',
                'background',
                'mapping',
                'hands',
            ),
        ),
        (*CONFLICTS, *WITH_HANDS, UNREPEATABLE),
        EMPTY,
    ),
}


SESSIONS['teleop'] = Session(
    'hands on the robot, no recording: try a device, go home, calibrate',
    (
        Argument('hands', 'joystick', 'who has the arms', choices=(*HANDS[1:], 'none')),
        *OF_PERSON,
        *(argument for argument in COMMON if argument.name not in ('lockstep', 'seed')),
    ),
    _in_real_time(SIM, _intervention('', OF_HANDS), *DEVICES),
    tuple(conflict for conflict in WITH_HANDS if 'lockstep' not in conflict.when),
    EMPTY,
)


def session_of(name: str) -> Session:
    """Return a session by its name; ValueError lists the names that exist."""
    if name not in SESSIONS:
        known = ', '.join(SESSIONS)
        raise ValueError(f'unknown session {name!r}{nearest(name, SESSIONS)}; known: {known}')
    return SESSIONS[name]
