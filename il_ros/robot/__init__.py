"""
In: a robot's YAML and its URDF. Out: RobotSpec (names, limits, units), Kinematics and Clearance.

Next: `il_ros.sim` stands in for it, `il_ros.observation` reads it, `il_ros.arbiter` guards it.
"""
