"""
In: joint samples, object poses and images, each with the stamp of its own sensor.
Out: one Observation a control tick, the same whether live, in process or while training.
Next: `il_ros.policy` turns a history of them into a distribution over action chunks.
"""
