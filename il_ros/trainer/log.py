"""The training's log: log.csv for people and reports, TensorBoard events beside it."""

import csv
from collections.abc import Mapping
from pathlib import Path

FILE = 'log.csv'
COLUMNS = ('step', 'seconds', 'loss', 'validation', 'lr')


class Log:
    """One row every log_every steps; a cell is empty where there was nothing to say."""

    def __init__(self, folder: Path, first_step: int):
        from torch.utils.tensorboard import SummaryWriter  # a second of import, here alone

        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        rows = _rows_until(self.path, first_step)
        self._file = self.path.open('w', newline='')
        self._csv = csv.DictWriter(self._file, COLUMNS)
        self._csv.writeheader()
        self._csv.writerows(rows)
        self._events = SummaryWriter(str(folder), purge_step=first_step or None)

    def write(self, row: Mapping[str, float]) -> None:
        """Write one row; keys are of COLUMNS, 'step' among them."""
        self._csv.writerow({key: f'{value:.6g}' for key, value in row.items()})
        self._file.flush()
        for key, value in row.items():
            if key not in ('step', 'seconds'):
                self._events.add_scalar(key, value, int(row['step']))

    def close(self) -> None:
        """Write out what is still in memory."""
        self._file.close()
        self._events.close()


def _rows_until(path: Path, step: int) -> list[dict[str, str]]:
    """Return the rows of an earlier log that are before step: what came after is done again."""
    if step == 0 or not path.is_file():
        return []
    with path.open(newline='') as file:
        return [row for row in csv.DictReader(file) if float(row['step']) <= step]
