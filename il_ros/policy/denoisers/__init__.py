"""
In: a noisy chunk (B, T, A), its level (B,) in [0, 1) and a Context. Out: a prediction (B, T, A).

Next: `il_ros.policy.heads.diffusion` makes it a clean chunk.
"""
