"""What tests of tasks do with a world: let an expert work for a while, or to the end, or wait."""


def work(world, expert, is_there, more=0):
    """Let an expert work until is_there() holds, and some ticks more."""
    while not is_there():
        world.step(expert.act(world.joints(), world.objects()))
    for _ in range(more):
        world.step(expert.act(world.joints(), world.objects()))


def to_the_end(world, expert):
    """Let an expert work to the end of the episode; return how it ended."""
    work(world, expert, lambda: world.outcome().is_over)
    return world.outcome()


def wait(world):
    """Hold to the end of the episode; return how it ended."""
    while not world.outcome().is_over:
        world.step(None)
    return world.outcome()
