"""
How many images the middleware loses on the way between two processes of this machine.

Three 640x480 cameras send in bursts at 30 Hz, best effort, which is the default of images.
`python -m il_ros.nodes.image_loss` prints one JSON object; `il-ros doctor` asks for it.
"""

import argparse
import json
import os
import subprocess
import sys
from time import monotonic, sleep

import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor

from il_ros import wire
from il_ros.nodes.run import initialise
from il_ros.nodes.topics import publisher, subscribe

CAMERAS = ('high', 'left', 'right')
RATE_HZ = 30.0
SIZE = (480, 640, 3)
PATIENCE_S = 10.0  # until both processes have found each other


def publish(namespace: str, bursts: int) -> None:
    """Send bursts of images, one of each camera, once the subscriber is there."""
    initialise()
    node = rclpy.create_node('image_loss_source', namespace=namespace)
    topics = [wire.image_topic(name, 'raw') for name in CAMERAS]
    cameras = [publisher(node, topic) for topic in topics]
    deadline = monotonic() + PATIENCE_S
    while not all(camera.get_subscription_count() for camera in cameras):
        if monotonic() > deadline:
            sys.exit(f'nobody found the images within {PATIENCE_S:.0f} s')
        sleep(0.05)
    image = np.zeros(SIZE, np.uint8)
    for burst in range(bursts):
        data = wire.image_msg(burst + 1, 'camera', image)
        for camera in cameras:
            camera.publish(data)
        sleep(1.0 / RATE_HZ)
    rclpy.shutdown()


def measure(seconds: float) -> dict[str, int | float]:
    """Return how many images were sent, received and lost in about so many seconds."""
    namespace = f'/image_loss_{os.getpid()}'
    bursts = max(1, round(seconds * RATE_HZ))
    initialise()
    node = rclpy.create_node('image_loss_sink', namespace=namespace)
    received: list[int] = []
    for name in CAMERAS:
        subscribe(node, wire.image_topic(name, 'raw'), lambda data: received.append(len(data)))
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    words = [sys.executable, '-m', 'il_ros.nodes.image_loss']
    source = subprocess.Popen([*words, '--publish', namespace, '--bursts', str(bursts)])
    while source.poll() is None:
        executor.spin_once(timeout_sec=0.1)
    end = monotonic() + 0.5  # what is still on the way
    while monotonic() < end:
        executor.spin_once(timeout_sec=0.1)
    rclpy.shutdown()
    if source.returncode != 0:
        raise RuntimeError(f'the publisher ended with exit code {source.returncode}')
    sent = bursts * len(CAMERAS)
    return {'sent': sent, 'received': len(received), 'lost': 1.0 - len(received) / sent}


def main() -> int:
    """Measure, or be the process that publishes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=2.0)
    parser.add_argument('--publish', metavar='NAMESPACE', help=argparse.SUPPRESS)
    parser.add_argument('--bursts', type=int, default=0, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.publish:
        publish(args.publish, args.bursts)
    else:
        print(json.dumps(measure(args.seconds)))
    return 0


if __name__ == '__main__':
    sys.exit(main())
