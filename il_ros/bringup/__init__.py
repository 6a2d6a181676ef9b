"""
In: a session's name and `name:=value` arguments. Out: the nodes that make it, running.
Sessions are data; launch.py (ros2 launch) and processes.py (il-ros up) start the same nodes.
Next: cli/, the verbs a person types.
"""
