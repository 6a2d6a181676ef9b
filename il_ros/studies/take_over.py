"""A take-over and a hand-back, command and joint: ours beside what others do."""

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from il_ros.report.palette import COLOURS, SERIES
from il_ros.robot.load import load_robot
from il_ros.rollout.takeovers import worst
from il_ros.sim.tasks.nothing import Nothing
from il_ros.sim.world import World
from il_ros.spec import RobotSpec, Who
from il_ros.studies.hand_overs import ALIGN, PRESSED, RELEASED, WAYS, Course, Wishes, play, wishes
from il_ros.studies.study import Cell, Done, Result, Study, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SEEDS = 30
SHOWN = 0  # the seed of the figure, and its joint, the left waist
HEARD = 0.8  # part of the hand's motion that an arm must have made for it to be heard
NEVER_S = 9.0  # stands for a hand that is not heard while the dead-man is held
MOMENT = 5  # ticks in which a snap is seen


class TakeOver(Study):
    """The same proposals of policy and person, executed by us, switched hard, or aligned first."""

    question = (
        'When a person takes the arms over and hands them back, does the correction start at '
        'once, is there a snap to the leader, and a snap back to a stale plan?'
    )
    method = (
        'A policy moves both arms along a path; a person presses the dead-man at leader arms that '
        'are 0.3 to 0.6 rad off at the waists, and somewhere off at each other joint, moves '
        'them at 0.4 rad/s, and lets go 1.8 s later. Three ways, over an empty table in the sim: '
        '*ours*; a *hard switch*, in which the leader is the command, and the first plan after '
        'the hand-back is made from what was seen before the correction (as in '
        '[lerobot#3747](https://github.com/huggingface/lerobot/issues/3747)); and *aligned '
        f'first*, the same, but the arms go to the leader for {ALIGN * 0.02:g} s before the hand '
        'is heard (as in [lerobot#4160](https://github.com/huggingface/lerobot/pull/4160) and '
        '[#3723](https://github.com/huggingface/lerobot/issues/3723)). Velocity, acceleration and '
        'jerk are the worst of all commands and runs, as parts of the limits; joints as the sim '
        f'measured them. A hand is heard when {HEARD:.0%} of its motion are in the command, '
        'compared with a run in which it is still. Unasked: how far the command has gone half a '
        'second after the press, beyond the hand. Snap back: how far it goes in the '
        f'{MOMENT * 20} ms after the hand-back. The last three are medians with their worst.'
    )
    does_not_show = (
        'A real arm, whose drives would fault or gears suffer where the sim just follows. The '
        'other two ways are written after their descriptions; no other package was run.'
    )
    seeds: Mapping[str, Any] = {'moments and wishes': f'0 to {SEEDS - 1}'}

    def cells(self) -> Sequence[Cell]:
        """Return a cell a seed."""
        return [Cell(f'seed/{seed}', {'seed': seed}) for seed in range(2 if self.quick else SEEDS)]

    def run(self, cell: Cell, scratch: Path) -> Result:
        """Go all ways; keep the figures, and of one seed a joint's course."""
        spec, seed = load_robot('sim'), cell.settings['seed']
        wanted, still = wishes(spec, seed), wishes(spec, seed, hand=0.0)
        found: Result = {}
        with closing(World(spec, Nothing())) as world:
            for way in WAYS:
                course = play(world, way, wanted, seed)
                found[way] = measures(spec, wanted, course, play(world, way, still, seed))
                if seed == SHOWN:
                    found[way]['course'] = shown(course, wanted)
        return found

    def table(self, done: Done) -> Table:
        """Return a row a way."""
        return [_row(way, [found[way] for found in done.values()]) for way in WAYS if done]

    def verdict(self, done: Done) -> str:
        """Answer the three parts of the question."""
        rows = {row['way']: row for row in self.table(done)}
        mine, hard, first = (rows[way] for way in WAYS)
        limits = max(mine[f'command {name}'] for name in ('velocity', 'acceleration', 'jerk'))
        kept = 'keeps' if limits <= 1 + 1e-6 else 'breaks'
        return (
            f'Ours {kept} every limit (at most {limits:.3f} of it; a hard switch asks for '
            f'{hard["command jerk"]:.0f} times the jerk). The hand is heard after '
            f'{mine["heard after [s]"][0]:.2f} s ({first["heard after [s]"][0]:.2f} s where the '
            f'arms are aligned first); {mine["unasked [rad]"][0]:.2f} rad are gone that nobody '
            f'asked for ({hard["unasked [rad]"][0]:.2f} by a hard switch); and after the '
            f'hand-back the arms go {mine["snap back [rad]"][0]:.3f} rad in {MOMENT * 20} ms, not '
            f'{hard["snap back [rad]"][0]:.2f}.'
        )

    def draw(self, done: Done) -> 'Figure':
        """Return position and velocity of a joint, a column a way."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(11, 5), layout='constrained')
        grid = figure.subplots(2, len(WAYS), sharex=True, sharey='row', squeeze=False)
        courses = done.get(f'seed/{SHOWN}', {})
        for i, way in enumerate(WAYS):
            grid[0, i].set_title(way)
            grid[1, i].set_xlabel('time [s]')
            if way in courses:
                _draw(grid[0, i], grid[1, i], courses[way]['course'], load_robot('sim'))
        grid[0, 0].set_ylabel('left waist [rad]')
        grid[1, 0].set_ylabel('velocity, part of its limit')
        grid[0, 0].legend(loc='lower left', fontsize=8)
        return figure


def measures(spec: RobotSpec, wanted: Wishes, course: Course, still: Course) -> dict[str, Any]:
    """Return the figures of a course; still is what comes of the same with a still hand."""
    command = course.command
    hand = wanted.leader - wanted.leader[PRESSED]  # (n, A)
    moved = command - still.command
    way = hand[RELEASED - 1] / np.linalg.norm(hand[RELEASED - 1])
    heard = (hand @ way > 1e-9) & (moved @ way >= HEARD * (hand @ way))
    after = np.flatnonzero(heard[PRESSED:RELEASED])
    half = PRESSED + round(0.5 / spec.dt_s)
    unasked = command[half] - command[PRESSED - 1] - hand[half]
    back = command[RELEASED : RELEASED + MOMENT] - command[RELEASED - 1]
    return {
        'command': worst(spec, command),
        'joints': worst(spec, course.joints),
        'heard_s': float(after[0] * spec.dt_s) if len(after) else NEVER_S,
        'unasked': float(np.abs(unasked).max()),
        'back': float(np.abs(back).max()),
    }


def shown(course: Course, wanted: Wishes) -> dict[str, list[float]]:
    """Return what the figure shows of the first joint."""
    series = {'command': course.command, 'joint': course.joints, 'leader': wanted.leader}
    return {name: rows[:, 0].round(4).tolist() for name, rows in series.items()}


def _row(way: str, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the row of a way."""
    row: dict[str, Any] = {'way': way, 'n': len(found)}
    for what in ('command', 'joints'):
        most = np.max([one[what] for one in found], axis=0)
        names = zip(('velocity', 'acceleration', 'jerk'), most, strict=True)
        row |= {f'{what} {name}': float(value) for name, value in names}
    for key, name in (('heard_s', 'heard after [s]'), ('unasked', 'unasked [rad]')):
        row[name] = _middle([one[key] for one in found])
    row['snap back [rad]'] = _middle([one['back'] for one in found])
    return row


def _middle(values: Sequence[float]) -> tuple[float, float]:
    """Return median and worst."""
    return float(np.median(values)), float(np.max(values))


def _draw(above: 'Axes', below: 'Axes', course: Mapping[str, Any], spec: RobotSpec) -> None:
    """Draw a joint's position, and its velocity."""
    time_s = np.arange(len(course['command'])) * spec.dt_s
    for axes in (above, below):
        axes.axvspan(
            PRESSED * spec.dt_s, RELEASED * spec.dt_s, color=COLOURS[Who.HUMAN], alpha=0.15, lw=0
        )
    above.plot(time_s, course['leader'], color=COLOURS[Who.HUMAN], ls='--', lw=1, label='leader')
    limit = float(spec.velocity[0])
    for name, style in (('command', '-'), ('joint', ':')):
        colour = SERIES[name == 'joint']
        above.plot(time_s, course[name], style, color=colour, label=name)
        speed = np.gradient(course[name], spec.dt_s) / limit
        below.plot(time_s, speed, style, color=colour)
    for edge in (-1, 1):
        below.axhline(edge, color='0.5', lw=0.8)
    below.set_yscale('symlog', linthresh=1.0)
