"""
In: a RobotSpec, a task, a command each tick. Out: joints, object poses, images, the outcome.

Next: `il_ros.observation` makes an Observation of it; `il_ros.rollout` and the sim node step it.
"""
