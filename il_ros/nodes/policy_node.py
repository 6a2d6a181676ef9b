"""A checkpoint as a lifecycle node: observation in, action chunks out; it swaps while running."""

from pathlib import Path

import numpy as np
import torch
from rclpy.lifecycle import TransitionCallbackReturn
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.nodes.diagnostics import Diagnostics, Said
from il_ros.nodes.inputs import ObservationInputs
from il_ros.nodes.lifecycle import ManagedNode
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run
from il_ros.nodes.swap import Swap
from il_ros.nodes.thinker import Thinker
from il_ros.nodes.topics import publisher
from il_ros.policy.deployment import Deployment
from il_ros.robot.load import load_robot
from il_ros.spec import ActionChunk

PARAMS = (
    Param('checkpoint', '', 'checkpoint folder; set it again to swap while running'),
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('device', 'auto', 'where it runs', choices=('auto', 'cpu', 'cuda'), fixed=True),
    Param('threads', 1, 'of torch on the CPU', low=1, high=256, fixed=True),
    Param('lockstep', False, 'answer every tick, for repeatable runs', fixed=True),
    Param('transport', 'jpeg', 'images read', choices=('jpeg', 'png', 'raw'), fixed=True),
    Param('max_image_age_s', 0.5, 'older ones are none [s]', low=0.01, high=60.0, fixed=True),
    Param('imitate', 0, 'demonstrator, for a policy told of them', low=0, high=7, fixed=True),
    Param('seed', 0, 'seed of the next episode, from ~/reset on'),
)


class PolicyNode(ManagedNode):
    """Publish action chunks while active; thinking and loading have a thread each."""

    def __init__(self):
        super().__init__('policy_node')
        self.p = declare(self, PARAMS)
        torch.set_num_threads(self.p.threads)
        self.spec = load_robot(self.p.robot)
        age_s = float('inf') if self.p.lockstep else self.p.max_image_age_s
        self.deployment = Deployment(self.spec, self.p.device, age_s)
        self.thinker = Thinker(self, self.deployment, self.p.lockstep, self.publish)
        self.inputs: ObservationInputs | None = None
        self.is_active = False
        self.refused = ''  # why there is no checkpoint to act
        self.observed = 1  # since it was last asked for
        self.chunks = publisher(self, wire.CHUNK, keep_all=self.p.lockstep)
        self.scores = publisher(self, wire.SCORE, keep_all=self.p.lockstep)
        self.diagnostics = Diagnostics(self, self.say)
        self.meter = self.diagnostics.meter
        self.swap = Swap(self, self.deployment)
        self.create_service(Trigger, '~/reset', self.on_reset)

    def on_configure(self, state):
        """Load the checkpoint; one that does not fit the robot is refused here."""
        try:
            self.deployment.load(Path(self.get_parameter('checkpoint').value))
        except (ValueError, RuntimeError, OSError) as error:
            self.refused = f'checkpoint refused: {error}'
            self.get_logger().error(self.refused)
            return TransitionCallbackReturn.FAILURE
        self.refused = ''
        self.swap.forget()
        given = (self, self.deployment.builder(self.p.imitate), self.p.transport, self.p.lockstep)
        told = (self.on_observation, self.deployment.take, self.diagnostics.refuse)
        self.inputs = ObservationInputs(*given, *told)
        return super().on_configure(state)

    def on_activate(self, state):
        """Start to act."""
        self.reset()
        self.is_active, self.observed = True, 1  # the first are on their way
        return super().on_activate(state)

    def on_deactivate(self, state):
        """Stop acting: no chunk comes any more; the arbiter holds when the last one runs out."""
        self.is_active = False
        self.thinker.rest()
        return super().on_deactivate(state)

    def on_cleanup(self, state):
        """Let go of the checkpoint and its subscriptions."""
        if self.inputs is not None:
            self.inputs.destroy()
        self.inputs = None
        self.deployment.unload()
        return super().on_cleanup(state)

    def on_reset(self, request, response):
        """Start an episode: empty history, the seed's own randomness."""
        response.success = self.inputs is not None
        response.message = '' if self.inputs else 'no checkpoint: configure the node first'
        self.reset()
        return response

    def reset(self) -> None:
        """Forget what was seen."""
        if self.inputs is None:
            return
        self.inputs.builder.forget()
        self.thinker.reset(self.get_parameter('seed').value)

    def on_observation(self, observation) -> None:
        """Let the policy think of a tick while it is active."""
        if self.is_active:
            self.observed += 1
            self.meter.count('observation')
            self.thinker.take(observation)

    def publish(self, stamp_ns: int, chunk) -> None:
        """Publish a chunk; without one, that there is "nothing" for this tick of lockstep."""
        if not self.is_active:
            return
        if chunk is None:
            chunk = ActionChunk(stamp_ns, np.zeros((0, self.spec.size)))
        else:
            self.meter.count('chunk')
            self.meter.span('plan', self.deployment.plan_s)
            self.scores.publish(self.deployment.score_msg(chunk))
        plan = (chunk.stamp_ns, chunk.targets, chunk.version)
        self.chunks.publish(wire.trajectory_msg(self.spec, *plan))

    def say(self) -> Said:
        """What /diagnostics shall know: what acts, and why it does not."""
        wrong = self.refused or self.thinker.failure or self.swap.refused
        if self.is_active and self.inputs is not None and not self.observed:
            wrong = f'no observation: waiting for {", ".join(self.inputs.missing())}'
            self.get_logger().warning(wrong, throttle_duration_sec=5.0)
        self.observed = 0
        return wrong, {'version': self.deployment.version, 'is_active': self.is_active}

    def destroy_node(self):
        """End the threads before what they use is gone."""
        self.is_active = False
        self.swap.close()
        self.thinker.close()
        super().destroy_node()


def main(args=None):
    """Run the node."""
    return run(PolicyNode, args)


if __name__ == '__main__':
    main()
