"""
In: a question and its conditions. Out: figures, and a verdict that says what was asked.

Next: the report. A study is one file and one line here: a Study (study.py) that states its
question and lists its cells, the units of work; `il-ros study NAME` (run.py) runs those that are
missing, over several processes, keeps each in docs/studies/NAME/cells.jsonl the moment it ends,
and writes result.json, figure.png and README.md there (page.py).
"""

STUDIES: dict[str, str] = {
    'attention': 'il_ros.studies.attention:Attention',
    'best-head': 'il_ros.studies.best_head:BestHead',
    'capacity': 'il_ros.studies.capacity:Capacity',
    'distributions': 'il_ros.studies.distributions:Distributions',
    'gate': 'il_ros.studies.gate:Gate',
    'heads': 'il_ros.studies.heads:Heads',
    'intervention-value': 'il_ros.studies.intervention_value:InterventionValue',
    'one-step': 'il_ros.studies.one_step:OneStep',
    'take-over': 'il_ros.studies.take_over:TakeOver',
    'version0-vs-version1': 'il_ros.studies.version0_vs_version1:Version0VsVersion1',
}
