"""`il-ros demo`: the whole loop once, from nothing to a report."""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

from tqdm import tqdm

from il_ros.report.table import Row, terminal_table
from il_ros.sim.tasks import TASK_HELP

HELP = 'record, train, deploy, correct, retrain on the simulated robot, and report'
HEADS = ('l2', 'diffusion')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('--out', default='runs/demo', help='folder; what it has is kept')
    parser.add_argument('--task', default='transfer', help=TASK_HELP)
    parser.add_argument('--demonstrations', type=int, default=40)
    parser.add_argument('--train-seconds', type=float, default=70.0, help='of each training')
    parser.add_argument('--episodes', type=int, default=10, help='of each evaluation over ROS')
    parser.add_argument('--many', type=int, default=60, help='of each evaluation in process')
    parser.add_argument('--rounds', type=int, default=2, help='of HG-DAgger')
    parser.add_argument('--round-episodes', type=int, default=10)


@dataclass
class Demo:
    """What the steps share."""

    args: argparse.Namespace
    root: Path
    began: float = field(default_factory=perf_counter)
    rows: list[Row] = field(default_factory=list)

    def say(self, text: str) -> None:
        """Head a step with the time that has passed."""
        passed = int(perf_counter() - self.began)
        print(f'\n── {passed // 60:2d}:{passed % 60:02d}  {text}', flush=True)

    def bags(self) -> Path:
        """Where the demonstrations are."""
        return self.root / 'demonstrations'

    def checkpoint(self, head: str) -> Path:
        """Where the policy trained on demonstrations is."""
        return self.root / head

    def rounds(self) -> Path:
        """Where the rounds of HG-DAgger are."""
        return self.root / 'hg_dagger'


def main(args: argparse.Namespace) -> int:
    """Run the steps; each leaves files, and what exists is not made again."""
    demo = Demo(args, Path(args.out))
    demo.root.mkdir(parents=True, exist_ok=True)
    demo.say(f'{args.demonstrations} demonstrations of {args.task}, through the recorder node')
    session(demo, 'record', {'root_dir': str(demo.bags()), 'episodes': str(args.demonstrations)})
    demo.say(f'training {" and ".join(HEADS)}, side by side')
    trained = train(demo)
    for head in HEADS:
        demo.say(f'{head}: {args.episodes} episodes over ROS, {args.many} in process')
        deploy(demo, head, trained[head])
    demo.say(f'{args.rounds} rounds of HG-DAgger with the simulated operator')
    correct(demo)
    demo.say('report')
    path = report(demo)
    print(terminal_table(demo.rows))
    minutes = (perf_counter() - demo.began) / 60
    print(f'\n{verdict(demo)}\n{path} opens in a browser. {minutes:.1f} minutes.')
    return 0


def session(demo: Demo, name: str, arguments: dict[str, str]) -> None:
    """Start a session in lockstep and wait for its end; its log goes to a file."""
    from il_ros.bringup.processes import up_apart
    from il_ros.cli.progress import SessionProgress

    log = demo.root / f'{name}.log'
    given = {'task': demo.args.task, 'lockstep': 'true', **arguments}
    with SessionProgress(log) as progress:
        code = up_apart(name, given, out=progress)
    if code != 0:
        raise ValueError(f'the session {name} ended with exit code {code}; see {log}')


def train(demo: Demo) -> dict[str, dict[str, Any]]:
    """Train all heads at once, a core each; return what each training printed."""
    running = {head: start_training(demo, head) for head in HEADS}
    with tqdm(total=round(demo.args.train_seconds), unit='s') as bar:
        while any(process.poll() is None for process in running.values()):
            sleep(1.0)
            bar.update(bar.n < bar.total)
    return {head: finish_training(demo, head, process) for head, process in running.items()}


def start_training(demo: Demo, head: str) -> subprocess.Popen:
    """Start `il-ros train` for one head."""
    command = [sys.executable, '-m', 'il_ros.cli.main', 'train', '--json']
    command += ['--data', str(demo.bags()), '--head', head, '--out', str(demo.checkpoint(head))]
    command += ['--set', f'seconds={demo.args.train_seconds}', '--set', 'threads=1']
    log = (demo.root / f'train_{head}.log').open('w')
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)


def finish_training(demo: Demo, head: str, process: subprocess.Popen) -> dict[str, Any]:
    """Wait for a training and keep what it printed."""
    output, _ = process.communicate()
    if process.returncode != 0:
        log = demo.root / f'train_{head}.log'
        raise ValueError(f'training {head}: exit code {process.returncode}; see {log}')
    result = json.loads(output)
    print(f'{head}: {result["steps"]} steps, held-out loss {result["validation"]}')
    return result


def deploy(demo: Demo, head: str, trained: dict[str, Any]) -> None:
    """Evaluate a policy over the graph and, with more episodes, in process."""
    folder = demo.root / f'{head}_over_ros'
    arguments = {
        'checkpoint': str(demo.checkpoint(head)),
        'root_dir': str(folder),
        'episodes': str(demo.args.episodes),
    }
    session(demo, 'bc_deployment', arguments)
    over_ros = json.loads((folder / 'results.json').read_text())
    demo.rows.append(row(demo, f'{head}, over ROS', over_ros, trained['seconds'], head=''))
    many = in_process(demo, demo.checkpoint(head))
    demo.rows.append(row(demo, head, many, trained['seconds'], head=head))


def in_process(demo: Demo, checkpoint: Path) -> dict[str, Any]:
    """Evaluate many episodes in processes of their own; return the figures."""
    command = [sys.executable, '-m', 'il_ros.cli.main', 'evaluate', str(checkpoint), '--json']
    first = 2_500_000  # of the test range, away from the seeds that the graph was given
    command += ['--task', demo.args.task, '--seeds', f'{first}:{first + demo.args.many}']
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f'evaluating {checkpoint} failed with exit code {done.returncode}')
    return json.loads(done.stdout)


def correct(demo: Demo) -> None:
    """Run HG-DAgger over the graph; evaluate each round's policy in process, too."""
    arguments = {
        'checkpoint': str(demo.checkpoint('diffusion')),
        'root_dir': str(demo.rounds()),
        'episodes': str(demo.args.round_episodes),
        'rounds': str(demo.args.rounds),
        'evaluation_episodes': str(demo.args.episodes),
        'train_seconds': str(demo.args.train_seconds),
    }
    session(demo, 'hg_dagger', arguments)
    for done in json.loads((demo.rounds() / 'rounds.json').read_text()):
        name = f'diffusion, round {done["round"]}'
        seconds = provenance(done['checkpoint'])['training']['seconds']
        calls = done['interventions_per_episode']
        demo.rows.append(row(demo, f'{name}, over ROS', done, seconds, '', calls))
        many = in_process(demo, Path(done['checkpoint']))
        demo.rows.append(row(demo, name, many, seconds, 'diffusion', calls))


def provenance(checkpoint: str) -> dict[str, Any]:
    """Return what a checkpoint says of its making."""
    from il_ros.checkpoint import read_provenance

    return read_provenance(checkpoint)


def row(
    demo: Demo,
    name: str,
    result: dict[str, Any],
    seconds: float,
    head: str,
    interventions: float | None = None,
) -> Row:
    """Return a policy's row of the table; head names the curve it belongs to."""
    return Row(
        name,
        demo.args.demonstrations,
        result['n'],
        result['success'],
        result['low'],
        result['high'],
        seconds,
        interventions,
        head,
    )


def verdict(demo: Demo) -> str:
    """Say in a sentence what the numbers are worth; poor ones are called poor."""
    rows = [r for r in demo.rows if r.group == 'diffusion']
    first, last = rows[0], rows[-1]
    change = 'more than' if last.low > first.high else 'not distinguishable from'
    quality = 'good' if last.success >= 0.9 else 'middling' if last.success >= 0.6 else 'poor'
    return (
        f'After HG-DAgger: success {last.success:.2f}, which is {quality}, and {change} the '
        f'{first.success:.2f} before it, by the 95 % intervals.'
    )


def report(demo: Demo) -> Path:
    """Write report.html from what the steps left."""
    from il_ros.dataset.cache import load_episodes
    from il_ros.report import plots
    from il_ros.report.film import film_states
    from il_ros.report.html import write_report
    from il_ros.robot.load import load_robot

    spec = load_robot('sim')
    corrected = load_episodes(demo.rounds() / 'round_01' / 'bags', spec, include_suspect=True)
    shown = max(corrected, key=lambda e: len(set(e.who[:, 0].tolist())) * 10_000 - len(e))
    film = demo.root / 'episode.mp4'
    film_states(
        film, spec, demo.args.task, shown.meta['seed'], shown.position, shown.objects, shown.who
    )
    curves = {head: [r for r in demo.rows if r.group == head] for head in HEADS}
    authority = {f'episode {i}': e.who for i, e in enumerate(corrected[:6])}
    logs = {head: training_log(demo.checkpoint(head)) for head in HEADS}
    for done in json.loads((demo.rounds() / 'rounds.json').read_text()):
        logs[f'round {done["round"]}'] = training_log(Path(done['checkpoint']))
    return write_report(
        demo.root / 'report.html',
        f'il_ros demo: {demo.args.task}',
        demo.rows,
        {
            'Success over rounds of HG-DAgger': plots.success_curve(curves),
            'Who was in control in round 1': plots.authority_over_time(authority, spec.dt_s),
            'Training': plots.training_curves(logs),
        },
        {'An episode of round 1, and who was in control': film},
        [
            verdict(demo),
            f'{demo.args.demonstrations} demonstrations; {sys.platform}, seeds apart.',
        ],
    )


def training_log(checkpoint: Path) -> Path:
    """Return the CSV of a checkpoint's training."""
    return checkpoint / 'training' / 'log.csv'
