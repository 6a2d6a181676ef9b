"""
In: an observation and the policy's distribution over chunks. Out: how unsure the policy is.

Next: the arbiter's gate, which asks for a person above a threshold. One file, one line each.
"""

SCORES: dict[str, str] = {
    'discrepancy': 'il_ros.policy.scores.discrepancy:DiscrepancyScore',
    'distance': 'il_ros.policy.scores.distance:DistanceScore',
    'ensemble': 'il_ros.policy.scores.ensemble:EnsembleScore',
    'residual': 'il_ros.policy.scores.residual:ResidualScore',
    'risk': 'il_ros.policy.scores.risk:RiskScore',
    'spread': 'il_ros.policy.scores.spread:SpreadScore',
    'thrifty': 'il_ros.policy.scores.thrifty:ThriftyScore',
}
