"""Who has the arms: a session's arguments of its hands, their nodes, and which go together."""

from il_ros.bringup.overrides import Value
from il_ros.bringup.session import Argument, Conflict, NodeSpec, Pick

HANDS = ('operator', 'joystick', 'leader', 'guiding', 'keyboard')
LEADER = Argument('leader', '', 'leader arms: name in config/leaders, or a leader YAML')
GUIDING = Argument('guiding', False, 'the dead-man, or a service, frees the arms for a hand')
MAPPING = Argument('mapping', '', 'of joystick or keyboard: name in config/pads, or a YAML')
WHO = Argument('operator', '', 'name of the person at the hands, kept with all that they command')
OF_PERSON = (LEADER, GUIDING, MAPPING, WHO)


def by_hands(usual: Value, **others: Value) -> Pick:
    """Return a value that is the usual one, except with the hands that are named."""
    table: dict[Value, Value] = dict.fromkeys((*HANDS, 'none'), usual)
    table.update(others)
    return Pick('hands', table)


OF_HANDS: dict[str, Value | Pick] = {
    'leader': '$leader',
    'guiding': by_hands('$guiding', guiding=True),
    'mapping': '$mapping',
    'operator': '$operator',
}
EMPTY = {'mapping': by_hands('xbox', keyboard='keyboard')}

JOYSTICK = NodeSpec('joystick_node', {'mapping': '$mapping'}, {'hands': 'joystick'})
KEYBOARD = NodeSpec(
    'keyboard_node', {'mapping': '$mapping'}, {'hands': 'keyboard'}, has_terminal=True
)
LEADER_ARMS = NodeSpec(
    'leader_node',
    {'robot': '$robot', 'leader': '$leader', 'lockstep': '$lockstep'},
    {'leader': True},
)
DEVICES = (JOYSTICK, KEYBOARD, LEADER_ARMS)  # of persons

WITH_HANDS = (
    *(
        Conflict(
            {'hands': hands, 'lockstep': True},
            f'hands:={hands} needs lockstep:=false: a person cannot keep up with lockstep',
        )
        for hands in HANDS[1:]
    ),
    Conflict(
        {'guiding': True, 'hands': 'none', 'lockstep': True},
        'guiding:=true needs lockstep:=false: a person cannot keep up with lockstep',
    ),
    Conflict(
        {'leader': True, 'hands': 'none', 'lockstep': True},
        'leader:=... needs lockstep:=false: a person cannot keep up with lockstep',
    ),
    *(
        Conflict(
            {'hands': hands, 'leader': 'sim'},
            f'leader:=sim needs hands:=operator, who moves those arms; hands:={hands} goes with '
            'leader:=window, or with arms of your own',
        )
        for hands in (*HANDS[1:], 'none')
    ),
    Conflict(
        {'hands': 'operator', 'guiding': True},
        'guiding:=true needs a person: hands:=guiding for buttons at the arms and services alone, '
        'or hands:=joystick',
    ),
    Conflict(
        {'hands': 'leader', 'leader': False},
        'hands:=leader needs leader:=NAME: see config/leaders, or give a YAML of your own',
    ),
)
