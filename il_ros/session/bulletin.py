"""What the program of a session tells, as it stands on `episode`."""

from typing import Any

from il_ros.session.phases import Phase, Standing

WRONG = ('failed', 'not gauged')  # events that a log calls errors


def put_up(standing: Standing, event: str, values: dict[str, Any]) -> None:
    """Announce what an event of run_program changes: the phase, what acts, what is learned."""
    if event == 'await':
        standing.on('train')
    if event in ('trained', 'failed') and standing.phase is Phase.TRAINING:
        standing.on('trained')
    if news := _news(event, values):
        standing.note(news)


def _news(event: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of `episode` that an event sets."""
    if event == 'acts':
        return values
    if event in ('train', 'gauge'):
        return {'training': f'round {values["round"]}'}
    if event == 'failed':
        return {'training': f'round {values["round"]} failed'}
    return {'training': ''} if event in ('trained', 'gauged', 'not gauged') else {}
