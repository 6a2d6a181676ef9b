"""The topics of the graph: names and types, in one table."""

from dataclasses import dataclass

from il_ros.spec import CommandTopic

FLOATS = 'std_msgs/msg/Float64MultiArray'
BOOL = 'std_msgs/msg/Bool'


@dataclass(frozen=True)
class Topic:
    """A topic of the graph: relative name, message type, whether late subscribers get the last."""

    name: str
    type: str
    latched: bool = False


JOINT_STATES = Topic('joint_states', 'sensor_msgs/msg/JointState')
ROBOT_DESCRIPTION = Topic('robot_description', 'std_msgs/msg/String', latched=True)
TASK_STATE = Topic('task/state', 'geometry_msgs/msg/PoseArray')
TASK_OUTCOME = Topic('task/outcome', 'diagnostic_msgs/msg/DiagnosticArray')
CHUNK = Topic('policy/action_chunk', 'trajectory_msgs/msg/JointTrajectory')
SCORE = Topic('policy/score', 'diagnostic_msgs/msg/DiagnosticArray')
LEADER = Topic('leader/joint_states', 'sensor_msgs/msg/JointState')
LEADER_HANDS = Topic('leader/hands', 'sensor_msgs/msg/JointState')
HAND_WRENCH = Topic('guiding/wrench', 'geometry_msgs/msg/WrenchStamped')
JOY = Topic('joy', 'sensor_msgs/msg/Joy')
PERSON = Topic('person/proposal', 'trajectory_msgs/msg/JointTrajectory')
COMMAND = Topic('command', 'trajectory_msgs/msg/JointTrajectory')
AUTHORITY = Topic('authority', 'diagnostic_msgs/msg/DiagnosticArray')
REQUEST = Topic('intervention/request', 'std_msgs/msg/String', latched=True)
EPISODE = Topic('episode', 'diagnostic_msgs/msg/DiagnosticStatus', latched=True)
DIAGNOSTICS = Topic('/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray')
CLOCK = Topic('/clock', 'rosgraph_msgs/msg/Clock')


def image_topic(camera: str, transport: str) -> Topic:
    """Return the topic of a camera: transport 'raw' is Image, 'jpeg' and 'png' CompressedImage."""
    if transport == 'raw':
        return Topic(f'camera/{camera}/image_raw', 'sensor_msgs/msg/Image')
    return Topic(f'camera/{camera}/image_raw/compressed', 'sensor_msgs/msg/CompressedImage')


def camera_info_topic(camera: str) -> Topic:
    """Return the topic of a camera's intrinsics."""
    return Topic(f'camera/{camera}/camera_info', 'sensor_msgs/msg/CameraInfo')


def guide_topic(name: str) -> Topic:
    """Return the topic that frees an arm for a hand while true comes on it."""
    return Topic(name, BOOL)


def command_topic(target: CommandTopic) -> Topic:
    """Return the topic that a robot takes commands on."""
    return Topic(target.topic, target.type)
