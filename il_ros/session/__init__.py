"""
In: a rig (one process, or the ROS graph) that runs an episode. Out: bags, checkpoints, results.
Episodes are strung into collections and rounds of DAgger, the same code over either rig.
Next: `il_ros.dataset` reads the bags of a round, `il_ros.trainer` learns from them.
"""
