"""
In: results, authority over time, camera frames.
Out: a terminal table, figures, MP4s, one HTML file.
Next: a person reads it. Nothing here measures anything: numbers arrive with their intervals.
"""
