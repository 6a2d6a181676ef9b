"""A checkpoint's network, as it was trained."""

from pathlib import Path

from il_ros import checkpoint
from il_ros.checkpoint import Checkpoint, CheckpointError
from il_ros.policy.config import of_checkpoint
from il_ros.policy.model import Policy
from il_ros.spec import RobotSpec


def load_policy(folder: str | Path, robot: RobotSpec) -> tuple[Policy, Checkpoint]:
    """Return the policy of a checkpoint folder; CheckpointError names what does not fit robot."""
    found = checkpoint.load(folder)
    checkpoint.check_fits(found, robot)
    try:
        policy = Policy(of_checkpoint(found.config, found.folder), found.statistics)
        policy.load_state_dict(found.weights)
    except (KeyError, RuntimeError) as error:
        raise CheckpointError(
            f'{folder}: its weights, statistics and configuration do not belong together: {error}'
        ) from error
    if policy.actions != robot.size:
        raise CheckpointError(
            f'{folder}: statistics for {policy.actions} actions, robot {robot.name!r} has '
            f'{robot.size}; load a checkpoint that was trained for this robot'
        )
    return policy.eval().requires_grad_(False), found
