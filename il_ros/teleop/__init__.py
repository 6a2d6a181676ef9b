"""
In: a person's devices: leader arms or a game controller. Out: a Proposal per tick, resolved to
joints, with the dead-man's state per arm. Next: `il_ros.arbiter`, which decides.
"""
