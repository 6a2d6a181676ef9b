"""The sim's cameras: rendered at once in lockstep, in real time by a process of their own."""

import threading
from collections import deque
from functools import partial

from rclpy.node import Node

from il_ros import wire
from il_ros.nodes.run import finish
from il_ros.nodes.topics import publisher
from il_ros.observation import images
from il_ros.sim.cameras import FOV_RAD
from il_ros.sim.render_process import Mirrored, RenderProcess
from il_ros.sim.world import World

RELEASE_S = 0.005  # between two looks at late images


class SimCameras:
    """Publish the images of a world's cameras, and their intrinsics, when they are due."""

    def __init__(self, node: Node, world: World, task: str, transport: str, is_lockstep: bool):
        self.node, self.world = node, world
        self.encode = partial(images.encode, transport=transport)
        is_sure = is_lockstep or None  # each image counts; else what the table says
        names = [camera.name for camera in world.cameras]
        self.images = {
            n: publisher(node, wire.image_topic(n, transport), is_sure, is_lockstep) for n in names
        }
        self.infos = {
            n: publisher(node, wire.camera_info_topic(n), keep_all=is_lockstep) for n in names
        }
        self.sizes = {c.name: (c.width, c.height) for c in world.cameras}
        self.late_s = world.spec.calibration.latency_s
        self.waiting: deque[tuple[int, str, bytes]] = deque()  # for when [ns], with that stamp
        if any(late_s > 0.0 for late_s in self.late_s.values()):
            node.create_timer(RELEASE_S, self.release)
        self.process: RenderProcess | None = None
        if world.cameras and not is_lockstep:
            self.process = RenderProcess(world.spec, task, world.cameras, self.encode)
            self.thread = threading.Thread(target=self.pass_on, daemon=True)
            self.thread.start()

    def take(self, stamp_ns: int, tick_ns: int, seed: int, is_first: bool) -> None:
        """Take the images that are due at tick_ns, stamped stamp_ns; at the first tick all are."""
        world = self.world
        due = tuple(
            camera.name
            for camera in world.cameras
            if is_first or images.is_due(camera, tick_ns, world.spec.dt_ns)
        )
        if due and self.process is not None:
            position, objects = world.joints().position, world.objects()
            self.process.offer(Mirrored(stamp_ns, seed, position, objects, due))
            return
        for name in due:
            self.publish(name, self.encode(stamp_ns, name, world.image(name)))

    def publish(self, name: str, data: bytes) -> None:
        """Publish an encoded image, and the camera's intrinsics with the same stamp."""
        stamp_ns = wire.stamp_ns_of('sensor_msgs/msg/Image', data) or 0
        self.images[name].publish(data)
        frame = images.frame_of(name)
        self.infos[name].publish(wire.camera_info_msg(stamp_ns, frame, self.sizes[name], FOV_RAD))

    def release(self) -> None:
        """Publish what has waited for as long as its camera is late."""
        now_ns = self.node.get_clock().now().nanoseconds
        while self.waiting and self.waiting[0][0] <= now_ns:
            stamp_ns, name, data = self.waiting.popleft()
            self.publish(name, wire.restamped(data, stamp_ns))

    def keep_waiting(self, name: str, data: bytes) -> bool:
        """Keep an image of a camera that is late, by the robot's calibration; or return False."""
        late_ns = round(self.late_s.get(name, 0.0) * 1e9)
        if late_ns > 0:
            stamp_ns = wire.stamp_ns_of('sensor_msgs/msg/Image', data) or 0
            self.waiting.append((stamp_ns + late_ns, name, data))
        return late_ns > 0

    def pass_on(self) -> None:
        """Publish what the process has rendered, beside the ticks; without it the node ends."""
        assert self.process is not None
        try:
            for name, data in self.process.frames():
                if not self.keep_waiting(name, data):
                    self.publish(name, data)
        except RuntimeError as error:
            if self.node.context.ok():  # else it is the shutdown that has ended us
                self.node.get_logger().error(str(error))
                finish(self.node, 1)

    def close(self) -> None:
        """End the process, once what it has rendered is published."""
        if self.process is not None:
            self.process.close()
            self.thread.join()
            self.process.end()
