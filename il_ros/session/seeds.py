"""Seeds for training, for choosing and for reporting are kept apart, by default and by range."""

TRAINING = range(0, 1_000_000)
VALIDATION = range(1_000_000, 2_000_000)
TEST = range(2_000_000, 3_000_000)


def parse(text: str) -> range:
    """
    Read 'A:B' as the seeds A to B - 1; 'A:' as A and on without end in sight.

    Raises ValueError where it is no such range.
    """
    first, colon, last = text.partition(':')
    try:
        seeds = range(int(first), int(last) if last else int(first) + 1_000_000)
    except ValueError:
        raise ValueError(f'--seeds {text!r}: expected A:B, for example 0:100') from None
    if not colon or not seeds:
        raise ValueError(f'--seeds {text!r}: expected A:B with A < B, for example 0:100')
    return seeds
