"""`il-ros study`: run an experiment, or go on with it, and write down what came of it."""

import argparse
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

HELP = 'run an experiment, resumably, and write its JSON, figure and page'
SCRATCH = Path('runs/studies')  # bags and checkpoints, which studies share; can be deleted
FAILED, INTERRUPTED = 1, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's arguments."""
    parser.add_argument('name', help='see `il-ros list studies`')
    parser.add_argument('--quick', action='store_true', help='ten seconds, to see that it works')
    parser.add_argument(
        '--out',
        help='folder of its results; docs/studies/NAME by default, runs/quick/NAME if quick',
    )
    parser.add_argument(
        '--only', default='', metavar='TEXT', help='cells with that in their key, such as a task'
    )
    parser.add_argument('--processes', type=int, default=0, help='0 takes one a core')
    parser.add_argument(
        '--limit', type=float, metavar='SECONDS', help='start nothing more after that; run again'
    )
    parser.add_argument(
        '--table-in',
        metavar='FILE',
        help='put the table into that page too, between <!-- study NAME --> and <!-- end -->',
    )
    parser.add_argument('--json', action='store_true', help='print one JSON object')


def main(args: argparse.Namespace) -> int:
    """Run what is missing and write the results; what ended early can be gone on with."""
    from il_ros.registry import lookup
    from il_ros.studies import STUDIES
    from il_ros.studies.ledger import CELLS, Ledger
    from il_ros.studies.page import put_table, write
    from il_ros.studies.run import Stop

    study = lookup(STUDIES, args.name)(args.quick)
    folder = Path(args.out) if args.out else default_folder(args.name, args.quick)
    if args.quick:
        (folder / CELLS).unlink(missing_ok=True)  # it is to show that it works, so it works
    with Ledger.open(folder) as ledger, Stop(args.limit, to_stderr) as stop:
        failed = run_with_bar(study, ledger, args.processes, stop, args.only)
        result = write(study, args.name, ledger, folder, failed)
    if args.table_in:
        put_table(Path(args.table_in), args.name, result['table'])
    print(json.dumps(result) if args.json else f'{folder}: {result["verdict"]}')
    if failed:
        to_stderr(f'{len(failed)} cells failed: {", ".join(failed)}; see above')
    return FAILED if failed else INTERRUPTED if stop.is_interrupted else 0


def to_stderr(line: str) -> None:
    """Tell a person at a terminal; stdout belongs to results."""
    print(f'\nil-ros study: {line}', file=sys.stderr, flush=True)


def default_folder(name: str, quick: bool) -> Path:
    """Return where results go: into the documentation where there is one."""
    from il_ros.share import share

    docs = share('docs')
    if quick:
        return Path('runs/quick') / name
    return (docs if docs.is_dir() else Path('runs')) / 'studies' / name


def run_with_bar(study: Any, ledger: Any, processes: int, stop: Any, only: str) -> dict[str, str]:
    """Run what is missing, with a bar and the errors of cells on stderr."""
    from tqdm import tqdm

    from il_ros.studies.run import pending, run

    total = sum(len(cells) for cells in pending(study, ledger, only))
    with tqdm(total=total, unit='cell', file=sys.stderr) as bar:

        def say(cell: Any, error: Exception | None) -> None:
            bar.update()
            bar.set_postfix_str(cell.key)
            if error is not None:
                bar.write(f'{cell.key}: {"".join(traceback.format_exception(error))}', sys.stderr)

        several = processes or len(os.sched_getaffinity(0))
        return run(study, ledger, SCRATCH, several, stop, say, only)
