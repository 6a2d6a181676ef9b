"""`il-ros gate`: how a checkpoint knows when a person is needed, fitted and calibrated."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HELP = "fit a checkpoint's scores, and take from its roll-outs what counts as much"
FIRST = ('distance',)  # needs no intervention, costs next to nothing, and any policy has it
FALSE_ALARMS = 0.1
TRIES = 5  # of which the quickest is what a score costs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('checkpoint', help='checkpoint folder')
    parser.add_argument(
        '--score',
        action='append',
        metavar='NAME',
        help='see `il-ros list gates`; repeatable. Those it has by default, or distance',
    )
    parser.add_argument(
        '--data',
        action='append',
        help='bags to fit to, repeatable; by default those the checkpoint learned from',
    )
    parser.add_argument(
        '--rollouts', action='append', help='bags in which it acted alone; repeatable'
    )
    parser.add_argument(
        '--episodes', type=int, default=0, help='make so many roll-outs in the sim'
    )
    rate = parser.add_mutually_exclusive_group()
    rate.add_argument(
        '--false-alarms',
        type=float,
        default=FALSE_ALARMS,
        metavar='RATE',
        help='calls per episode that would have succeeded',
    )
    rate.add_argument('--calls-per-hour', type=float, metavar='CALLS', help='of acting')
    rate.add_argument(
        '--like',
        metavar='CHECKPOINT',
        help='fit the scores that this one has, and ask for calls as often as there; what the '
        'checkpoint cannot have is left out',
    )
    parser.add_argument(
        '--video',
        metavar='MP4',
        help='write an episode in the sim in which the gate may call: who had the arms, score, '
        'bound, and the true value of going on alone; nothing is fitted then',
    )
    parser.add_argument('--seed', type=int, help="the video's; a validation seed by default")
    parser.add_argument('--robot', default='sim', help='name in config/robots, or a robot YAML')
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Fit what is to be fitted, calibrate where there are roll-outs, and say what came of it."""
    from il_ros.policy.scores.kept import kept
    from il_ros.robot.load import load_robot

    folder, spec = Path(args.checkpoint), load_robot(args.robot)
    if args.video:
        return film(args)
    version = version_of(folder)
    own, like = kept(folder, version), scores_like(args.like) if args.like else {}
    names = tuple(dict.fromkeys(args.score or like or own or FIRST))
    if args.score or args.data or like or not own:
        fit(folder, names, args.data, spec, leave_out if like else None)
    rollouts = [Path(path) for path in args.rollouts or ()]
    if args.episodes:
        rollouts.append(roll_out(folder, version, args.episodes, spec))
    if rollouts:
        take_bounds(folder, rollouts, *rate_of(args, like), spec)
    rows = described(folder, version, spec)
    print(json.dumps({'version': version, 'scores': rows}) if args.json else text(folder, rows))
    return 0


def film(args: argparse.Namespace) -> int:
    """Write the video, and say what it shows."""
    from il_ros.cli import gate_video
    from il_ros.session.seeds import VALIDATION

    seed = VALIDATION.start if args.seed is None else args.seed
    score = args.score[0] if args.score else ''
    given = (Path(args.checkpoint), score, args.robot, seed, Path(args.video))
    result = gate_video.write_video(*given)
    print(json.dumps(result) if args.json else gate_video.text(result))
    return 0


def version_of(folder: Path) -> str:
    """Return the version of a checkpoint; CheckpointError where it is none."""
    from il_ros.checkpoint import peek

    return peek(folder).version


def scores_like(checkpoint: str) -> dict[str, Any]:
    """Return the scores of another checkpoint; ValueError where it has none."""
    from il_ros.policy.scores.kept import kept

    found = kept(Path(checkpoint), version_of(Path(checkpoint)))
    if not found:
        raise ValueError(f'{checkpoint}: it has no scores; fit them by il-ros gate {checkpoint}')
    return found


def leave_out(why: Exception) -> None:
    """Say why a score is left out."""
    print(f'left out: {why}', file=sys.stderr)


def rate_of(args: argparse.Namespace, like: dict[str, Any]) -> tuple[float, float | None]:
    """Return false alarms a success and calls an hour: as asked, or as the other one's bounds."""
    asked = [score.bounds for score in like.values() if score.bounds is not None]
    if asked:
        return asked[0].rate, asked[0].calls_per_hour
    return args.false_alarms, args.calls_per_hour


def fit(
    folder: Path,
    names: tuple[str, ...],
    data: list[str] | None,
    spec: Any,
    refused: Callable[[Exception], None] | None,
) -> None:
    """Fit the scores called names; to the bags that the checkpoint learned from where no data."""
    from il_ros.checkpoint import read_provenance
    from il_ros.trainer.gauging import fit_scores

    bags = [Path(path) for path in data or read_provenance(folder)['bags']]
    if not fit_scores(folder, names, episodes_of(folder, bags, spec), spec, refused):
        raise ValueError(f'{folder}: it can have none of {", ".join(names)}')


def roll_out(folder: Path, version: str, episodes: int, spec: Any) -> Path:
    """Let the checkpoint act in the sim; return the bags, which are kept and gone on with."""
    from tqdm import tqdm

    from il_ros.checkpoint import read_parts
    from il_ros.policy.config import read_config
    from il_ros.session.collect import Collection, collect
    from il_ros.session.local import LocalRig
    from il_ros.session.seeds import VALIDATION

    task, out = read_parts(folder)['robot']['task'], folder / 'rollouts' / version
    rig = LocalRig(spec, task, read_config(folder).cameras)
    rig.load(str(folder))
    wanted = Collection(out, task, episodes, VALIDATION, 'off', with_policy=True)
    with tqdm(total=episodes, unit='episode', file=sys.stderr) as bar:
        collect(rig, wanted, lambda result: show(bar))
    return out


def take_bounds(
    folder: Path, rollouts: list[Path], false_alarms: float, calls: float | None, spec: Any
) -> None:
    """Calibrate on the bags of rollouts."""
    from tqdm import tqdm

    from il_ros.trainer.gauging import calibrate

    episodes = episodes_of(folder, rollouts, spec)
    with tqdm(total=len(episodes), unit='episode', file=sys.stderr) as bar:
        calibrate(folder, episodes, spec, false_alarms, calls, lambda episode: show(bar))


def show(bar: Any) -> None:
    """Move a progress bar on by one."""
    bar.update()


def episodes_of(folder: Path, bags: list[Path], spec: Any) -> list[Any]:
    """Return the episodes of bags with the cameras that the checkpoint needs."""
    from il_ros.dataset.cache import load_episodes
    from il_ros.policy.config import read_config

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    return load_episodes(bags, spec, read_config(folder).cameras, say=say)


def described(folder: Path, version: str, spec: Any) -> dict[str, dict[str, Any]]:
    """Return of each score that is kept what it learned from, costs, and its bounds."""
    from dataclasses import asdict

    from il_ros.policy.scores import SCORES
    from il_ros.policy.scores.kept import kept
    from il_ros.registry import lookup

    costs = costs_ms(folder, spec)
    return {
        name: {
            'learned_from': lookup(SCORES, name).learned_from,
            'ms': costs[name],
            **(asdict(each.bounds) if each.bounds else {}),
        }
        for name, each in kept(folder, version).items()
    }


def costs_ms(folder: Path, spec: Any) -> dict[str, float]:
    """Return what each score takes of this machine, a plan: the best of TRIES [ms]."""
    from il_ros.policy.deployment import blank
    from il_ros.policy.pilot import load_pilot

    pilot = load_pilot(folder, spec, 'cpu')
    pilot.observe(blank(spec, pilot))
    costs: dict[str, list[float]] = {}
    for _ in range(TRIES):
        pilot.plan()
        for name, seconds in pilot.gauges.spent_s.items() if pilot.gauges else ():
            costs.setdefault(name, []).append(1e3 * seconds)
    return {name: min(tried) for name, tried in costs.items()}


def text(folder: Path, rows: dict[str, dict[str, Any]]) -> str:
    """Return the same for a person."""
    lines = []
    for name, row in rows.items():
        told = f'calls above {row["high"]:.3g}, all is well again at {row["low"]:.3g}'
        told += f', from {row["episodes"]} roll-outs for {row["rate"]:.3g} calls an episode'
        known = told if 'high' in row else 'no bounds yet: give --rollouts or --episodes'
        lines.append(f'{name} ({row["ms"]:.1f} ms a plan): {known}')
    return f'{folder}\n' + '\n'.join(lines)
