"""`il-ros replay`: an episode's commands once more in the simulation, its video, or a picture."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from il_ros.dataset.episode import Episode
    from il_ros.spec import RobotSpec

HELP = "an episode's commands once more in the simulation, its video, or a picture"
SAME = 1e-9  # [rad, opening] a smaller deviation is none


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('bag', help="an episode's bag")
    parser.add_argument('--robot', default='sim', help='name in config/robots, or a robot YAML')
    parser.add_argument('--video', help='MP4 to write instead of replaying the commands')
    parser.add_argument('--picture', help='PNG of six moments to write, seen by the first camera')
    parser.add_argument('--cameras', default='', help='two cameras of the video, comma-separated')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Replay the bag, or write its video, and print what came of it."""
    from il_ros.dataset.from_bag import decode_bag
    from il_ros.robot.load import load_robot

    spec = load_robot(args.robot)
    bag = Path(args.bag)
    cameras = tuple(name for name in args.cameras.split(',') if name)
    if args.video:
        result = video(bag, spec, cameras, Path(args.video))
    elif args.picture:
        result = picture(bag, spec, cameras, Path(args.picture))
    else:
        result = replay(decode_bag(bag, spec), spec)
    print(json.dumps(result) if args.json else text_of(result))
    return 0


def replay(episode: 'Episode', spec: 'RobotSpec') -> dict[str, Any]:
    """Step the episode's commands from its seed; return how far from its states that leads."""
    from il_ros.registry import make
    from il_ros.sim.tasks import TASKS
    from il_ros.sim.world import World

    task, seed = origin(episode)
    world = World(spec, make(TASKS, task))
    try:
        world.reset(seed)
        gaps = np.zeros_like(episode.position)  # (n, N)
        for row, command in enumerate(episode.command):
            gaps[row] = np.abs(world.joints().position - episode.position[row])
            if row + 1 < len(episode):  # the last command was not seen to be carried out
                world.step(command)
        outcome = world.outcome()
    finally:
        world.close()
    return {
        'bag': str(episode.path),
        'task': task,
        'seed': seed,
        'ticks': len(episode),
        **largest(gaps, episode, spec),
        'outcome': outcome.state,
        'recorded_outcome': episode.meta.get('outcome', 'unlabeled'),
    }


def origin(episode: 'Episode') -> tuple[str, int]:
    """Return the task and the seed that an episode started from, or ValueError without them."""
    task, seed = episode.meta.get('task'), episode.meta.get('seed')
    if not task or seed is None:
        raise ValueError(
            f'{episode.path}: its metadata has no task and seed to start the simulation from; '
            'only episodes of the simulation can be replayed'
        )
    return str(task), int(seed)


def largest(gaps: np.ndarray, episode: 'Episode', spec: 'RobotSpec') -> dict[str, Any]:
    """Return the largest deviation of gaps (n, N), arm joints and grippers, and where it is."""
    gripper = np.zeros(spec.size, dtype=bool)
    for arm in spec.arms:
        gripper[arm.gripper] = True
    row, joint = np.unravel_index(np.argmax(gaps), gaps.shape)
    apart = np.flatnonzero((gaps > SAME).any(1))
    return {
        'largest_rad': float(gaps[:, ~gripper].max()),
        'largest_opening': float(gaps[:, gripper].max()),
        'joint': spec.joint_names[joint],
        'at_s': float(episode.stamp_ns[row] - episode.stamp_ns[0]) * 1e-9,
        'same_ticks': int(apart[0]) if len(apart) else len(gaps),
    }


def video(bag: Path, spec: 'RobotSpec', cameras: tuple[str, ...], path: Path) -> dict[str, Any]:
    """Write an episode's video: rendered from its states in the simulation, else as recorded."""
    from il_ros.dataset.from_bag import decode_bag
    from il_ros.report.film import film_states

    episode = decode_bag(bag, spec)
    is_simulated = episode.meta.get('seed') is not None and episode.objects.shape[1] > 0
    if is_simulated:
        task, seed = origin(episode)
        states = (episode.position, episode.objects, episode.who)
        frames = film_states(path, spec, task, seed, *states, cameras)
    else:
        frames = recorded_video(bag, spec, cameras, path)
    return {'bag': str(bag), 'video': str(path), 'frames': frames, 'rendered': is_simulated}


def picture(bag: Path, spec: 'RobotSpec', cameras: tuple[str, ...], path: Path) -> dict[str, Any]:
    """Write moments of a simulated episode, rendered from its states."""
    from il_ros.dataset.from_bag import decode_bag
    from il_ros.report.moments import picture_states

    episode = decode_bag(bag, spec)
    task, seed = origin(episode)
    camera = cameras[0] if cameras else ''
    moments = picture_states(path, spec, task, seed, episode.position, episode.objects, camera)
    return {'bag': str(bag), 'picture': str(path), 'moments': moments}


def recorded_video(bag: Path, spec: 'RobotSpec', cameras: tuple[str, ...], path: Path) -> int:
    """Write a video of the images in a bag; return its number of frames."""
    from il_ros.dataset.from_bag import decode_bag
    from il_ros.report.film import EVERY, film_cameras
    from il_ros.report.video import episode_video

    left, right = (camera.name for camera in film_cameras(spec, cameras))
    episode = decode_bag(bag, spec, (left, right))
    return episode_video(
        path,
        episode.images[left][::EVERY],
        episode.images[right][::EVERY],
        episode.who[::EVERY],
        spec.control_hz / EVERY,
        [arm.name for arm in spec.arms],
    )


def text_of(result: dict[str, Any]) -> str:
    """Return the result as a person reads it."""
    if 'video' in result:
        how = 'rendered from its states' if result['rendered'] else 'as recorded'
        return f'{result["video"]}: {result["frames"]} frames, {how}'
    if 'picture' in result:
        return f'{result["picture"]}: {result["moments"]} moments'
    return (
        f'{result["bag"]}: {result["ticks"]} ticks replayed from seed {result["seed"]}, the first '
        f'{result["same_ticks"]} the same; largest deviation {result["largest_rad"]:.2e} rad and '
        f"{result['largest_opening']:.2e} of a gripper's opening, at {result['joint']} "
        f'after {result["at_s"]:.2f} s; ends in {result["outcome"]}, '
        f'recorded: {result["recorded_outcome"]}'
    )
