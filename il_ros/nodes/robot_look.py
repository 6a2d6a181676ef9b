"""What `il-ros doctor --robot` looks at: topics for a while, joints, pictures, the e-stop."""

from functools import partial
from time import monotonic, sleep

import cv2
import numpy as np

from il_ros import wire
from il_ros.nodes.client import GraphError
from il_ros.nodes.measuring import Cameras
from il_ros.nodes.mover import BUSY
from il_ros.nodes.visit import Visit
from il_ros.observation.joints import JointMerger
from il_ros.session import checklist
from il_ros.session.checklist import Finding, Heard
from il_ros.spec import Authority, JointSample, RobotSpec, Who

FIND_S = 1.0  # until those who publish are found
ANSWER_S = 1.0  # patience for an e-stop
STAND_S = 0.5  # for which the command is watched afterwards


class RobotLook:
    """Listens from the beginning on; findings() tells."""

    def __init__(self, visit: Visit, spec: RobotSpec, transport: str):
        self.visit, self.spec, self.transport = visit, spec, transport
        self.joints: JointSample | None = None
        self.authority: tuple[Authority, ...] = ()
        self.phase = ''
        self.merger = JointMerger(spec)
        self.cameras = Cameras(visit, spec, transport)
        self.heard: dict[str, Heard] = {}
        for name in spec.joint_state_topics:
            topic = wire.Topic(name, wire.JOINT_STATES.type)
            visit.listen(topic, partial(self._on_joints, topic))
            self.heard[name] = Heard(name, spec.control_hz)
        for camera in spec.cameras:
            topic = wire.image_topic(camera.name, transport)
            visit.listen(topic, partial(self._note, camera.name, topic))
            self.heard[camera.name] = Heard(camera.name, camera.rate_hz)
        visit.listen(wire.AUTHORITY, self._on_authority)
        self.heard['authority'] = Heard('authority', spec.control_hz)
        visit.listen(wire.EPISODE, self._on_episode)

    def _note(self, name: str, topic: wire.Topic, data: bytes) -> None:
        now_ns, stamp_ns = self.visit.now_ns(), wire.stamp_ns_of(topic, data)
        self.heard[name].came_ns.append(now_ns)
        self.heard[name].age_s.append((now_ns - (stamp_ns or 0)) * 1e-9)

    def _on_joints(self, topic: wire.Topic, data: bytes) -> None:
        self._note(topic.name, topic, data)
        self.joints = self.merger.add(data) or self.joints

    def _on_authority(self, data: bytes) -> None:
        self._note('authority', wire.AUTHORITY, data)
        self.authority = wire.read_authority(data)[1]

    def _on_episode(self, data: bytes) -> None:
        self.phase = wire.read_episode(data)[0]

    def findings(self, seconds: float) -> list[Finding]:
        """Listen for a while, and judge."""
        sleep(FIND_S)
        for heard in self.heard.values():
            heard.came_ns.clear()
            heard.age_s.clear()
        sleep(seconds)
        arms = [self._joints(heard) for heard in list(self.heard.values())]
        found = [*arms, *checklist.clocks(list(self.heard.values())), *self._body()]
        return [*found, checklist.calibration(self.spec), *self._views(), self._stop()]

    def _joints(self, heard: Heard) -> Finding:
        if heard.name in self.spec.joint_state_topics:
            return checklist.rate(heard, 'start the driver, remapped to the topics of the YAML')
        if heard.name == 'authority':
            remedy = 'il-ros up teleop robot:=YAML, or another session, starts the arbiter'
            return checklist.rate(heard, remedy, 'note')
        remedy = f'start its driver as camera/{heard.name}/image_raw; sim: cameras:={heard.name}'
        return checklist.rate(heard, remedy, 'note')

    def _body(self) -> list[Finding]:
        if self.joints is not None:
            return [checklist.limits(self.spec, self.joints.position)]
        missing = ', '.join(self.merger.missing())
        return [Finding('limits', 'broken', f'joints not heard: {missing}', 'as above')]

    def _views(self) -> list[Finding]:
        """Compare what cameras see now with what they saw at the calibration."""
        if self.joints is None:
            return []
        away = float(np.abs(self.joints.position - self.spec.home)[self._arms()].max())
        found = []
        for name in self.cameras.names:
            path = self.spec.calibration.images.get(name)
            before = cv2.imread(path) if path else None
            then = None if before is None else cv2.cvtColor(before, cv2.COLOR_BGR2RGB)
            found.append(checklist.camera(name, self.cameras.newest[name], then, away))
        return found

    def _arms(self) -> np.ndarray:
        places = np.zeros(self.spec.size, dtype=bool)
        for arm in self.spec.arms:
            places[arm.joints] = True
        return places

    def _stop(self) -> Finding:
        """Ask for an e-stop, see it answered, and clear it; not while an episode is on."""
        if not self.authority:
            return Finding('e-stop', 'note', 'no intervention node is up: not tried')
        if self.phase in BUSY:
            return Finding('e-stop', 'note', f'not tried: an episode is {self.phase}')
        if self._is_stopped():
            remedy = 'once the reason is gone: intervention_node/clear_estop'
            return Finding('e-stop', 'note', f'latched: {self.authority[0].why}', remedy)
        began_s = monotonic()
        self.visit.trigger('intervention_node/estop')
        try:
            self.visit.client.wait_until(self._is_stopped, 'not answered', ANSWER_S)
        except GraphError:
            return checklist.stop(None, 0.0)
        seconds, before = monotonic() - began_s, self._position()
        sleep(STAND_S)
        crept = float(np.abs(self._position() - before)[self._arms()].max())
        self.visit.trigger('intervention_node/clear_estop')
        return checklist.stop(seconds, crept)

    def _is_stopped(self) -> bool:
        return bool(self.authority) and all(a.who is Who.ESTOP for a in self.authority)

    def _position(self) -> np.ndarray:
        assert self.joints is not None
        return self.joints.position
