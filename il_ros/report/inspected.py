"""What `il-ros inspect` found in a bag, a folder or a checkpoint, as a person reads it."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from il_ros.report.table import aligned

Figures = dict[str, Any]


def bag_text(bag: Figures) -> str:
    """Return a bag's figures as a person reads them."""
    known = [f'{key} {bag[key]}' for key in ('task', 'robot', 'seed') if bag[key] is not None]
    people = [f'{k} {bag[k]}' for k in ('operator', 'demonstrator') if bag[k] is not None]
    lines = [
        f'{bag["path"]}' + (' (discarded)' if bag['discarded'] else ''),
        ', '.join([*known, *people]) or 'not recorded by il_ros: no labels',
        f'{bag["duration_s"]:.1f} s, {bag["messages"]} messages',
        f'outcome {bag["outcome"]}, ended by: {bag["termination_reason"] or "unknown"}'
        + (', repaired' if bag['repaired'] else ''),
        f'grade {bag["grade"]}' + ''.join(f'\n  - {reason}' for reason in bag['reasons']),
    ]
    return '\n'.join([*lines, '', aligned(topic_lines(bag['topics'])), *who_lines(bag)])


def folder_text(folder: Figures) -> str:
    """Return a folder's sums and its bags as a person reads them."""
    headings = ('bag', 'seconds', 'messages', 'lost', 'outcome', 'grade', '')
    bags = [headings, *map(bag_line, folder['rows'])]
    sums = [
        f'{folder["path"]}: {folder["episodes"]} episodes, {folder["duration_s"]:.1f} s, '
        f'{folder["messages"]} messages',
        f'outcomes: {counted(folder["outcomes"])}; grades: {counted(folder["grades"])}; '
        f'discarded {folder["discarded"]}, repaired {folder["repaired"]}',
    ]
    topics = aligned(topic_lines(folder['topics']))
    return '\n'.join([*sums, '', aligned(bags), '', topics, *who_lines(folder)])


def bag_line(row: Figures) -> tuple[str, ...]:
    """Return a bag as a line of the folder's table."""
    marks = [mark for mark in ('discarded', 'repaired') if row[mark]]
    return (
        Path(row['path']).name,
        f'{row["duration_s"]:.1f}',
        str(row['messages']),
        str(sum(topic['lost'] for topic in row['topics'].values())),
        row['outcome'],
        row['grade'],
        '; '.join([*marks, *row['reasons']]),
    )


def topic_lines(topics: Mapping[str, Figures]) -> list[tuple[str, ...]]:
    """Return topics as lines of a table."""
    rows = [
        (name, topic['type'], str(topic['count']), f'{topic["hz"]:.1f}', str(topic['lost']))
        for name, topic in sorted(topics.items())
    ]
    return [('topic', 'type', 'messages', 'Hz', 'lost'), *rows]


def who_lines(found: Figures) -> Iterator[str]:
    """Yield who acted: the steps and share of each, arm by arm."""
    if found['authority']:
        yield ''
    for arm, steps in found['authority'].items():
        total = sum(steps.values())
        yield f'{arm} arm: ' + ', '.join(
            f'{who} {count} steps ({count / total:.0%})' for who, count in steps.items()
        )


def counted(counts: Mapping[str, int]) -> str:
    """Return counts as a person reads them."""
    return ', '.join(f'{name} {count}' for name, count in counts.items()) or 'none'


def checkpoint_text(found: Figures) -> str:
    """Return a checkpoint as a person reads it."""
    policy, robot, training = found['policy'], found['robot'], found['training']
    lines = [
        f'{found["path"]}: checkpoint {found["version"]}, {found["parameters"]:,} parameters',
        f'robot {robot["name"]}: {len(robot["joint_names"])} joints, '
        f'{robot["control_hz"]:g} Hz; task {robot["task"]}',
        f'head {policy["head"]}, encoder {policy["encoder"]}, inputs {listed(policy["inputs"])}, '
        f'cameras {listed(policy["cameras"])}',
        f'chunk T = {policy["T"]}, executes E = {policy["E"]}, history H = {policy["H"]}',
        f'from {found["bags"]} bags: ' + ', '.join(f'{k} {short(v)}' for k, v in training.items()),
    ]
    return '\n'.join([*lines, evaluation_text(found['evaluation'])])


def evaluation_text(evaluation: Figures | None) -> str:
    """Return an evaluation as one line."""
    if evaluation is None:
        return 'not evaluated yet; "il-ros evaluate" does it'
    return (
        f'success {evaluation["success"]:.3f} '
        f'[{evaluation["low"]:.3f}, {evaluation["high"]:.3f}] of {evaluation["n"]} episodes'
    )


def listed(names: Sequence[str]) -> str:
    """Return names as a person reads them."""
    return ' '.join(names) or 'none'


def short(value: object) -> str:
    """Return a number in four digits, anything else as it is."""
    return f'{value:.4g}' if isinstance(value, float) else str(value)
