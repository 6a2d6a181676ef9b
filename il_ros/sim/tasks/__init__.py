"""
In: a scene and a seed. Out: objects, an outcome judged from physics, and an expert that solves it.

Next: `il_ros.sim.world` builds and steps it. A task is one file and one line here.
"""

TASKS = {
    'detour': 'il_ros.sim.tasks.detour:Detour',
    'hang': 'il_ros.sim.tasks.hang:Hang',
    'insertion': 'il_ros.sim.tasks.insertion:Insertion',
    'tightrope': 'il_ros.sim.tasks.wire:Tightrope',
    'transfer': 'il_ros.sim.tasks.transfer:Transfer',
    'transport': 'il_ros.sim.tasks.transport:Transport',
    'wire': 'il_ros.sim.tasks.wire:Wire',
}
NO_TASK = {'nothing': 'il_ros.sim.tasks.nothing:Nothing'}  # an empty table, for benchmarks
TASK_HELP = 'see `il-ros list tasks`; wire:12 is a wire of twelve bends'
