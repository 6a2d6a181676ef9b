"""
In: normalised values {name: (B, H, D)} and images {name: (B, H, h, w, 3)}. Out: a Context.

Next: `il_ros.policy.heads` turns the Context into a distribution over chunks.
"""
