"""
In: a world (or robot), an observation builder, a policy, an arbiter and a person's hands.
Out: Steps, one a control tick, to whoever subscribes: recorder, video, statistics.
Next: `il_ros.session` strings episodes into rounds; `nodes/` runs the same parts over ROS.
"""
