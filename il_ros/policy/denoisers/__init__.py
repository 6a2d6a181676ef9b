"""
In: a noisy chunk (B, T, A), its level (B,), 0 clean to 1 noise alone, and a Context.
Out: a prediction (B, T, A).

Next: `il_ros.policy.heads.diffusion`, `flow` and `shortcut` make it a clean chunk.
"""
