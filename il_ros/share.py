"""Where config/, resource/ and launch/ are: the source tree, or an installation's share."""

import sys
from pathlib import Path


def share(*parts: str) -> Path:
    """
    Return the path of a shipped file or folder: 'config', 'robots', 'sim.yaml'.

    An editable install has no data files, so the source tree is looked at first; then each prefix
    of AMENT_PREFIX_PATH's kind that holds this package, then the interpreter's own.
    """
    here = Path(__file__).resolve()
    roots = [here.parents[1]]
    roots += [parent / 'share' / 'il_ros' for parent in here.parents]
    roots.append(Path(sys.prefix) / 'share' / 'il_ros')
    for root in roots:
        if (root / 'package.xml').is_file():
            return root.joinpath(*parts)
    raise FileNotFoundError(f'il_ros: no package.xml in {[str(root) for root in roots]}')
