"""
In: action chunks, persons' proposals, locks, measured joints. Out: THE command, one a tick, with
who is behind it, arm by arm and within every limit. Next: the robot or sim, and the recorder.
"""
