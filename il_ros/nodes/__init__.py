"""
In: messages and services. Out: messages and services; nothing is decided here.
Each node is a shell that converts with il_ros.wire and calls the layer that thinks.
Next: bringup/, which says what nodes make a session.
"""
