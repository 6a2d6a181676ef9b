"""
In: bags, one folder an episode. Out: memory-mapped arrays, windows of them, and their statistics.

Next: `il_ros.trainer` fits a policy to them. All that is here can be deleted and made again.
"""
