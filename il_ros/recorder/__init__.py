"""
In: the serialized messages of the wire. Out: one rosbag2 MCAP bag per episode, with its metadata.

Next: `il_ros.dataset` turns bags into windows of arrays; nothing else holds what happened.
"""
