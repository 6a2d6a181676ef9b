"""
In: normalised chunks (B, T, A). Out: whole numbers that stand for them, and chunks again.

Next: `il_ros.policy.heads.autoregressive` learns which number follows which.
"""
