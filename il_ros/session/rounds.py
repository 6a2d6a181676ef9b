"""
Rounds of DAgger and HG-DAgger: act, be corrected, learn from all there is, act better.

Everything a round makes is a file in its folder, and what exists is not made again: a crashed
session goes on where it was.
Sources: Ross et al. 2011, arXiv:1011.0686; Kelly et al. 2019, arXiv:1810.02890.
"""

from typing import Any

from il_ros.session.collect import collect
from il_ros.session.episode import Rig
from il_ros.session.learner import Learner
from il_ros.session.round_plan import Rounds, Say, each

METHODS = ('hg_dagger', 'dagger')


def run_rounds(rig: Rig, wanted: Rounds, say: Say) -> list[dict[str, Any]]:
    """
    Run or resume all rounds; return one row a round, also kept as rounds.json.

    say(event, values) is told 'episode', 'acts', 'train', 'await', 'trained', 'failed',
    'evaluated', 'gauge', 'gauged', 'not gauged', 'decided', 'rolled back' as they happen. Raises
    ValueError for what cannot work, TrainingFailed where nothing else is left to do.
    """
    if wanted.method not in METHODS:
        raise ValueError(f'unknown method {wanted.method!r}; known: {", ".join(METHODS)}')
    learner = Learner(rig, wanted, say)
    for number in range(1, wanted.rounds + 1):
        results = collect(rig, wanted.corrections(number), each(say, number), learner.look)
        learner.wait()
        learner.start(number, results)
        if not wanted.in_background:
            learner.wait()
    learner.wait()
    learner.check()
    return learner.rows
