"""
In: an Observation a tick, and a checkpoint. Out: action chunks, drawn from a learned distribution.

Next: `il_ros.arbiter` decides, arm by arm, whether a chunk becomes the command.
"""
