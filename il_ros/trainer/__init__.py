"""
In: Episodes, a RobotSpec and a TrainConfig. Out: a checkpoint folder that acts alone.

Next: `il_ros.policy.pilot` loads it, here or on the robot.
"""

from il_ros.trainer.loop import train

__all__ = ['train']
