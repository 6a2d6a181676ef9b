"""What a study is: a question, the cells of work that answer it, and what is made of them."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Result = dict[str, Any]  # of a cell, as JSON can say it, and small: it is committed
Done = Mapping[str, Result]  # finished cells by key
Table = list[dict[str, Any]]  # one dict a row, all with the same keys; a pair is an interval


@dataclass(frozen=True, eq=False)
class Cell:
    """One unit of work, done whole or not at all."""

    key: str  # 'transfer/six/l2/seed3', one of a kind and always the same
    settings: Mapping[str, Any]  # everything that the result depends on, as JSON can say it
    needs: tuple['Cell', ...] = ()  # what has to be prepared before, such as demonstrations

    @property
    def mark(self) -> str:
        """A hash of the settings, its own and of what it needs: others make another cell."""
        said = json.dumps([self.key, self.settings, [need.mark for need in self.needs]])
        return sha256(said.encode()).hexdigest()[:12]

    def folder(self, scratch: Path) -> Path:
        """Return where its large files are: bags, checkpoints; they can be made again."""
        return scratch / f'{re.sub("[^a-z0-9]+", "-", self.key.lower())}-{self.mark}'


class Study(ABC):
    """
    One question; adding one is a file that implements this and a line in STUDIES.

    Built with quick=True it asks the same of so little that the answer means nothing, in about
    ten seconds: then all of it is known to work. Cells run in processes of their own, with one
    torch thread; what they change in the study is lost.
    """

    question: str
    method: str  # Markdown
    does_not_show: str  # Markdown
    seeds: Mapping[str, Any]  # what they are for -> which

    def __init__(self, quick: bool = False):
        self.quick = quick

    @abstractmethod
    def cells(self) -> Sequence[Cell]:
        """Return all cells, in the order in which they are to be run."""

    def prepare(self, need: Cell, scratch: Path) -> Result:
        """
        Make what cells need, in need.folder(scratch), and return what there is to say of it.

        Called before the first cell of every run that needs it, so it has to see what is there.
        """
        raise NotImplementedError(f'{type(self).__name__} has cells with needs and no prepare()')

    @abstractmethod
    def run(self, cell: Cell, scratch: Path) -> Result:
        """Do one cell; what it needs is in need.folder(scratch)."""

    @abstractmethod
    def table(self, done: Done) -> Table:
        """Return the figures, with intervals; some or all cells may be missing."""

    @abstractmethod
    def draw(self, done: Done) -> 'Figure':
        """Return a figure of the same; some or all cells may be missing."""

    @abstractmethod
    def verdict(self, done: Done) -> str:
        """Answer the question in a few sentences, also when the answer is no; all is done."""

    def so_far(self, done: Done) -> str:
        """Return what of the answer holds already, '' nothing: whole questions, no trends."""
        return ''

    def findings(self, table: Table) -> Mapping[str, Any]:
        """Return what result.json holds besides its table, for programs that want names."""
        return {}


def finished_tasks(cells: Sequence[Cell], done: Done) -> list[str]:
    """Return the first parts, 'task', of keys 'task/...' of which every cell is done, in order."""
    tasks = dict.fromkeys(cell.key.split('/')[0] for cell in cells)
    missing = {cell.key.split('/')[0] for cell in cells if cell.key not in done}
    return [task for task in tasks if task not in missing]
