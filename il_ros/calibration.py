"""What a bag and a checkpoint remember of a robot's calibration, and in what another differs."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from xml.etree import ElementTree

import numpy as np

from il_ros.spec import Calibration, RobotSpec

KEY = 'calibration'  # of a bag's metadata, and of a checkpoint's robot
SAME_RAD = 0.01  # [rad, opening] what measuring the same twice may differ by
SAME_S = 0.02  # [s]


class OtherCalibration(ValueError):
    """A recording is from a robot that was calibrated otherwise."""


def card(spec: RobotSpec) -> dict[str, Any]:
    """
    Return {'hash', 'joints': {name: [scale, zero]}, 'latency_s': {name: s}, 'body': {name: hash}}.

    scale and zero say how the driver counts a joint, grippers' ends included: what it says is
    scale * inside unit + zero. body is of what the URDF says of the joint's place and axis.
    """
    rows = zip(spec.joint_names, spec.wire_scale, spec.wire_offset, strict=True)
    joints = {name: [float(scale), float(zero)] for name, scale, zero in rows}
    body = _body(spec.urdf)
    content = {
        'joints': joints,
        'latency_s': dict(sorted(spec.calibration.latency_s.items())),
        'body': {name: body.get(name, '') for name in spec.joint_names},
    }
    text = json.dumps(content, sort_keys=True)
    return {'hash': hashlib.sha256(text.encode()).hexdigest()[:8], **content}


def differences(then: Mapping[str, Any], spec: RobotSpec) -> list[str]:
    """Return a phrase for each thing that matters in which spec's is not the card `then`."""
    now = card(spec)
    return [
        *_of_joints(then['joints'], now['joints']),
        *_of_body(then, now),
        *_of_sensors(then, now),
    ]


def misfit(then: Mapping[str, Any] | None, spec: RobotSpec) -> str:
    """
    Return in what a card differs from spec's calibration, and the remedy; '' where it may pass.

    It may when all is as near as measured twice, when spec's calibration accepts its hash, or when
    it is None: from before calibrations were remembered.
    """
    if then is None or then['hash'] in spec.calibration.accepts:
        return ''
    gaps = differences(then, spec)
    if not gaps:
        return ''
    file = spec.calibration.file
    back = f'put back the {file} of then' if file else 'give the robot YAML its calibration again'
    return (
        f'the calibration was {then["hash"]} and is {card(spec)["hash"]} now: {"; ".join(gaps)}. '
        f'Use what was recorded since, or {back}. If both were right in their time, as when a '
        'motor was changed and measured anew, go on by: '
        f'il-ros calibrate --robot YAML --accept {then["hash"]}'
    )


def check_recording(bag: Any, meta: Mapping[str, Any], spec: RobotSpec) -> None:
    """Raise OtherCalibration where a bag is not to be mixed with what spec's robot records."""
    wrong = misfit(meta.get(KEY), spec)
    if wrong:
        other = other_robot(meta, spec)
        raise OtherCalibration(
            f'{bag}: {other}. If that is the same one, {wrong}' if other else f'{bag}: {wrong}'
        )


def other_robot(meta: Mapping[str, Any], spec: RobotSpec) -> str:
    """Return that a bag is of a robot of another name than spec's, and the remedy; or ''."""
    name = meta.get('robot') or spec.name
    if name == spec.name:
        return ''
    return f'it is of robot {name!r} and read as {spec.name!r}; name its own, as by --robot {name}'


def as_recorded(spec: RobotSpec, meta: Mapping[str, Any]) -> RobotSpec:
    """Return spec as its driver counted when a bag was recorded: what the messages are read by."""
    then = meta.get(KEY)
    if then is None or card(spec)['hash'] == then['hash']:
        return spec
    given = [then['joints'].get(name) for name in spec.joint_names]
    if None in given:  # another robot's: whoever reads it names the joints
        return spec
    wire_scale, wire_zero = np.array(given).T
    sign = np.sign(wire_scale * spec.joint_scale)
    offset = wire_zero - sign * spec.joint_offset
    joints = zip(spec.joint_names, sign.tolist(), offset.tolist(), strict=True)
    measured = Calibration({name: (s, o) for name, s, o in joints}, dict(then['latency_s']))
    return replace(spec, joint_scale=sign * wire_scale, calibration=measured)


def _of_joints(then: Mapping[str, list[float]], now: Mapping[str, list[float]]) -> Iterator[str]:
    """Yield where one reading was another position then; only joints of both."""
    for name in [name for name in now if name in then]:
        (scale, zero), (new_scale, new_zero) = then[name], now[name]
        if scale * new_scale < 0:
            yield f'{name} was counted the other way round'
        elif abs(shift := (zero - new_zero) / new_scale) > SAME_RAD:
            yield f'{name} was counted from {zero:.4g}, now from {new_zero:.4g} ({shift:+.3f})'
        elif abs(scale / new_scale - 1.0) > SAME_RAD:
            yield f'{name} had {scale:.4g} a unit, now {new_scale:.4g}'


@cache
def _body(urdf: str) -> dict[str, str]:
    """Return a hash of each joint of a URDF's text: its kind, axis, and place to 0.1 mm."""
    found = {}
    for joint in ElementTree.fromstring(urdf).iter('joint'):
        parts: list[Any] = [joint.get('type')]
        for tag, key in (('origin', 'xyz'), ('origin', 'rpy'), ('axis', 'xyz')):
            element = joint.find(tag)
            given = '' if element is None else element.get(key, '')
            parts.append([round(float(number), 4) + 0.0 for number in given.split()])
        found[str(joint.get('name'))] = hashlib.sha256(repr(parts).encode()).hexdigest()[:4]
    return found


def _of_body(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    before = then.get('body', {})
    changed = [name for name, known in now['body'].items() if before.get(name, known) != known]
    if changed:
        yield f'the URDF has {", ".join(changed)} in another place or about another axis'


def _of_sensors(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in [name for name in now['latency_s'] if name in then['latency_s']]:
        before, here = then['latency_s'][name], now['latency_s'][name]
        if abs(before - here) > SAME_S:
            yield f'{name} was late by {1e3 * before:.0f} ms, now by {1e3 * here:.0f} ms'
