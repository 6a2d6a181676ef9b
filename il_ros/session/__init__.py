"""
In: a rig (one process, or the ROS graph) that can run one episode. Out: bags, checkpoints, results.
Episodes are strung into collections and rounds of DAgger and HG-DAgger, the same code over either rig.
Next: `il_ros.dataset` reads the bags of a round, `il_ros.trainer` learns from them.
"""
