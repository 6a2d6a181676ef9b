"""
In: an observation and the policy's distribution over chunks. Out: how unsure the policy is.

Next: the arbiter's gate, which asks for a person above a threshold. One file, one line each.
"""

SCORES: dict[str, str] = {}
