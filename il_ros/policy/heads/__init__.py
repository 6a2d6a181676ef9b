"""
In: a Context and, in training, chunks, both normalised. Out: losses, samples, likelihoods.

Next: `il_ros.policy.model` puts an encoder before a head and units around both.
"""
