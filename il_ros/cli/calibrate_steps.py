"""The steps of `il-ros calibrate`: a person is asked, the robot is looked at, the sum is told."""

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from time import sleep

import cv2
import numpy as np
import yaml

from il_ros import wire
from il_ros.nodes.client import GraphError
from il_ros.nodes.measuring import Cameras, DriverJoints, Joints, LeaderDevice, LeaderJoints
from il_ros.nodes.mover import Mover
from il_ros.nodes.visit import Visit
from il_ros.registry import make
from il_ros.robot import latency as late
from il_ros.robot.calibration import calibration_file, name_in
from il_ros.robot.count import count, turns
from il_ros.spec import Calibration, RobotSpec

LISTEN_S = 2.0  # for an arbiter, which has to be discovered and then speaks at every tick
SWING_S = 10.0
SWING = 0.08  # [rad] of the first joints of every arm
SWUNG = 3  # of them
MIRRORED = 0.35  # [rad] by which the poses that a leader mirrors are off home


def joints(args: argparse.Namespace, spec: RobotSpec) -> Calibration:
    """Offsets from a pose that is known, signs from which way the joints were turned."""
    known = spec.home if args.pose == 'home' else np.clip(0.0, spec.lower, spec.upper)
    with Visit('calibrate', args.namespace) as visit:
        seen = DriverJoints(visit, spec)
        decided: list[bytes] = []
        visit.listen(wire.AUTHORITY, decided.append)
        seen.wait()
        sleep(LISTEN_S)
        _check_alone(decided)
        ask(
            f'Put the robot into its {args.pose} pose, as exactly as you can:\n{pose(spec, known)}'
        )
        said = seen.position()
        down = [n for n, t in zip(spec.joint_names, turns(spec, known), strict=True) if t < 0]
        but = f', but these the other way: {", ".join(down)}' if down else ''
        ask(f'Turn every joint by 0.2 rad or more the way that the URDF counts up{but}.')
        _check_alone(decided)
        found = count(spec, known, said, seen.position())
    rows = zip(spec.joint_names, found.sign, found.offset, found.is_turned, strict=True)
    for name, sign, offset, is_turned in rows:
        note = '' if is_turned else '  not turned: sign kept'
        print(f'{name:24}{sign:+3.0f} {offset:+9.4f}{note}')
    pairs = zip(spec.joint_names, found.sign.tolist(), found.offset.tolist(), strict=True)
    return replace(spec.calibration, joints={name: (s, o) for name, s, o in pairs})


def leader(args: argparse.Namespace, spec: RobotSpec) -> None:
    """The leader's map: the robot takes some poses, a person holds the leader as it stands."""
    from il_ros.cli.calibrate import own_file
    from il_ros.teleop.leader_arms import DRIVERS
    from il_ros.teleop.leader_config import load_leader
    from il_ros.teleop.leader_fit import fit_leader
    from il_ros.teleop.leader_map import LeaderMap

    file = own_file(args.leader, '--leader')
    config = load_leader(str(file))
    with Visit('calibrate', args.namespace) as visit, Mover(visit, spec) as mover:
        held: LeaderDevice | LeaderJoints
        if config.driver:
            held = LeaderDevice(make(DRIVERS, config.driver, spec, config))
        else:
            held = LeaderJoints(visit, LeaderMap(spec, config).names)
        mover.meet()
        said, stood = [], []
        for number, goal in enumerate(mirrored(spec, args.poses), start=1):
            mover.take()
            mover.go(goal)
            ask(f'{number} of {args.poses}: hold the leader as the robot stands, grippers, too.')
            said.append(held.position())
            stood.append(mover.position.copy())
        mover.take()
        mover.go(spec.home)
    fits = fit_leader(spec, config, np.array(said), np.array(stood))
    for name, fit in fits.items():
        print(f'{name}: within {fit.worst:.3f} rad of the robot in all poses')
    parts = {
        name: {key: _rounded(value) for key, value in asdict(fit).items() if key != 'worst'}
        for name, fit in fits.items()
    }
    out = calibration_file(file)
    out.write_text(f'# Measured by `il-ros calibrate leader`\n{yaml.safe_dump({"arms": parts})}')
    name_in(file, out)
    load_leader(str(file))
    print(f'{out}: restart the leader node')


def latency(args: argparse.Namespace, spec: RobotSpec) -> Calibration:
    """How late joints and cameras are: a small motion, and what was seen of it when."""
    with Visit('calibrate', args.namespace) as visit, Mover(visit, spec) as mover:
        seen, cameras = Joints(visit, spec), Cameras(visit, spec, args.transport)
        start = mover.meet()
        line = _line(spec, start)
        way = late.excitation(SWING_S, spec.dt_s)
        mover.follow(start + SWING * way[:, None] * line)
        mover.follow([start] * round(0.6 / spec.dt_s))
        asked_s = np.array([stamp for stamp, _ in mover.asked]) * 1e-9
        asked = np.array([target for _, target in mover.asked]) @ line
    joint_s = np.array([sample.stamp_ns for sample in seen.samples]) * 1e-9
    moved = np.array([sample.position for sample in seen.samples]) @ line
    measures = {'motion': partial(late.motion_latency, asked_s, asked)}
    for name in cameras.names:
        frames = [f for f in cameras.seen[name] if asked_s[0] < f[0] * 1e-9 < asked_s[-1]]
        stamps_s = np.array([stamp for stamp, _ in frames]) * 1e-9
        motion = late.seen_motion([image for _, image in frames])
        measures[name] = partial(late.camera_latency, stamps_s, motion)
    found = {}
    for name, measure in measures.items():
        try:
            found[name] = measure(joint_s, moved)
        except late.NotSeen as error:
            print(f'{name}: {error}; are the arms in its picture?')
    for name, seconds in found.items():
        print(f'{name:24}{1e3 * seconds:+7.1f} ms')
    silent = [camera.name for camera in spec.cameras if camera.name not in cameras.names]
    if silent:
        print(f'not published as {args.transport}, so not measured: {", ".join(silent)}')
    return replace(spec.calibration, latency_s={**spec.calibration.latency_s, **found})


def images(args: argparse.Namespace, spec: RobotSpec) -> Calibration:
    """What every camera sees from the home pose: shows later whether one was moved."""
    with Visit('calibrate', args.namespace) as visit, Mover(visit, spec) as mover:
        cameras = Cameras(visit, spec, args.transport)
        mover.meet()
        mover.go(spec.home)
        if not cameras.names:
            raise GraphError(f'no camera is published as {args.transport}: cameras:=NAME,NAME')
        taken = {name: cameras.next(name) for name in cameras.names}
    found = {}
    for name, image in taken.items():
        path = Path(args.robot).with_suffix(f'.{name}.png')
        cv2.imwrite(str(path), image[..., ::-1])
        found[name] = str(path)
        print(path)
    return replace(spec.calibration, images={**spec.calibration.images, **found})


def _check_alone(decided: Sequence[bytes]) -> None:
    """Raise GraphError where somebody decides on the arms, of which `authority` was heard."""
    if decided:
        raise GraphError('a session commands the arms: stop it, only the driver shall be up')


def ask(text: str) -> None:
    """Wait for a person at the terminal; ValueError where there is none."""
    try:
        input(f'{text}\nThen press ENTER. ')
    except EOFError:
        raise ValueError('a person is needed at the terminal') from None
    print()


def pose(spec: RobotSpec, known: np.ndarray) -> str:
    """Return a pose (N,) as a person reads it."""
    lines = []
    for arm in spec.arms:
        rows = zip(spec.joint_names[arm.joints], known[arm.joints], strict=True)
        told = ', '.join(f'{name} {value:+.2f}' for name, value in rows)
        lines.append(f'  {told} rad; gripper {known[arm.gripper].item():.0%} open')
    return '\n'.join(lines)


def mirrored(spec: RobotSpec, count: int) -> list[np.ndarray]:
    """Return poses (N,) around home: every joint up and down, grippers open and shut."""
    poses, random = [], np.random.default_rng(0)
    ups = [random.permutation(np.arange(count) % 2) for _ in range(spec.size)]  # as often as down
    for number in range(count):
        sign = np.array([2.0 * up[number] - 1.0 for up in ups])
        goal = spec.home + MIRRORED * sign
        for arm in spec.arms:
            goal[arm.gripper] = sign[arm.gripper] > 0
        poses.append(np.clip(goal, spec.lower, spec.upper))
    return poses


def _line(spec: RobotSpec, start: np.ndarray) -> np.ndarray:
    """Return the direction (N,) of a small motion: the first joints of each arm, with room."""
    line = np.zeros(spec.size)
    for arm in spec.arms:
        line[arm.joints.start : arm.joints.start + SWUNG] = 1.0
    tight = line * np.minimum(spec.upper - start, start - spec.lower) < line * 2 * SWING
    if tight.any():
        names = [name for name, is_tight in zip(spec.joint_names, tight, strict=True) if is_tight]
        raise GraphError(f'{", ".join(names)}: at the end of its range; il-ros home first')
    return line


def _rounded(value: float | tuple[float, ...]) -> float | list[float]:
    return round(value, 4) if isinstance(value, float) else [round(v, 4) for v in value]
