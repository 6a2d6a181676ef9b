"""
In: the words a person types. Out: text, or one JSON object, and an exit code; no decisions.
Each verb is one file: HELP, add_arguments(parser), main(args) -> exit code.
Next: nothing; this is the outside.
"""
