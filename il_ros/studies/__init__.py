"""
In: a question and its conditions. Out: figures, and a verdict that says what was asked.

Next: the report. A study is one file and one line here.
"""

STUDIES: dict[str, str] = {}
