"""A checkpoint as a lifecycle node: observation in, action chunks out; swaps checkpoints while running."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from std_srvs.srv import Trigger

from il_ros import wire
from il_ros.checkpoint import CheckpointError
from il_ros.nodes.inputs import ObservationInputs
from il_ros.nodes.params import Param, declare
from il_ros.nodes.run import run
from il_ros.nodes.topics import publisher
from il_ros.policy.deployment import Deployment
from il_ros.robot.load import load_robot

PARAMS = (
    Param('checkpoint', '', 'checkpoint folder; set it again to swap while running'),
    Param('robot', 'sim', 'name in config/robots, or a robot YAML', fixed=True),
    Param('device', 'auto', 'auto, cpu or cuda', fixed=True),
    Param('lockstep', False, 'answer every tick, for repeatable runs', fixed=True),
    Param('transport', 'jpeg', 'jpeg, png or raw: which image topics to read', fixed=True),
    Param('seed', 0, 'seed of the next episode, from ~/reset on'),
)


class PolicyNode(LifecycleNode):
    """Publish action chunks while active; planning and loading have a thread of their own."""

    def __init__(self):
        super().__init__('policy_node')
        self.p = declare(self, PARAMS)
        self.spec = load_robot(self.p.robot)
        self.deployment = Deployment(self.spec, self.p.device)
        self.worker = ThreadPoolExecutor(1)
        self.loading: Future | None = None
        self.planning: Future | None = None
        self.is_active = False
        self.chunks = publisher(self, wire.CHUNK, keep_all=self.p.lockstep)
        self.scores = publisher(self, wire.SCORE, keep_all=self.p.lockstep)
        self.create_service(Trigger, '~/reset', self.on_reset)
        self.create_service(Trigger, '~/loaded', self.on_loaded)
        self.add_on_set_parameters_callback(self.on_parameters)

    # -- lifecycle ----------------------------------------------------------------------------

    def on_configure(self, state):
        """Load the checkpoint; one that does not fit the robot is refused here."""
        try:
            self.deployment.load(Path(self.get_parameter('checkpoint').value))
        except CheckpointError as error:
            self.get_logger().error(str(error))
            return TransitionCallbackReturn.FAILURE
        self.inputs = ObservationInputs(
            self, self.deployment.builder, self.p.transport, self.p.lockstep, self.on_observation
        )
        return TransitionCallbackReturn.SUCCESS

    def on_activate(self, state):
        """Start to act."""
        self.deployment.reset(self.get_parameter('seed').value)
        self.is_active = True
        return super().on_activate(state)

    def on_deactivate(self, state):
        """Stop acting; the arbiter holds when the last chunk runs out."""
        self.is_active = False
        return super().on_deactivate(state)

    def on_cleanup(self, state):
        """Let go of the checkpoint and its subscriptions."""
        self.inputs.destroy()
        return TransitionCallbackReturn.SUCCESS

    # -- acting -------------------------------------------------------------------------------

    def on_observation(self, observation) -> None:
        """Answer one tick: at once in lockstep, beside the callbacks otherwise."""
        if not self.is_active:
            return
        if self.p.lockstep:
            self.publish(observation.stamp_ns, self.deployment.act(observation))
        elif self.deployment.observe(observation) and (
            self.planning is None or self.planning.done()
        ):
            self.planning = self.worker.submit(self.plan)

    def plan(self) -> None:
        """Plan from the newest observation and publish, on the worker's thread."""
        chunk = self.deployment.plan()
        self.publish(chunk.stamp_ns, chunk)

    def publish(self, stamp_ns: int, chunk) -> None:
        """Publish a chunk, or an empty one that says "nothing at this tick"."""
        if chunk is not None:
            self.scores.publish(self.deployment.score_msg(chunk))
        targets = chunk.targets if chunk is not None else []
        self.chunks.publish(
            wire.trajectory_msg(self.spec, stamp_ns, targets, self.deployment.version)
        )

    # -- swapping -----------------------------------------------------------------------------

    def on_parameters(self, parameters):
        """Check a new checkpoint at once, load it beside the running policy, swap when ready."""
        for parameter in parameters:
            if parameter.name != 'checkpoint' or self.deployment.pilot is None:
                continue
            try:
                self.deployment.check(Path(parameter.value))
            except CheckpointError as error:
                return SetParametersResult(successful=False, reason=str(error))
            self.loading = self.worker.submit(self.deployment.load_beside, Path(parameter.value))
        return SetParametersResult(successful=True)

    def on_loaded(self, request, response):
        """Say whether the checkpoint asked for is the one that acts from the next chunk on."""
        if self.loading is not None and self.loading.done() and self.loading.exception():
            response.message = str(self.loading.exception())
            return response
        response.success = self.loading is None or self.loading.done()
        response.message = self.deployment.newest_version if response.success else 'loading'
        return response

    def on_reset(self, request, response):
        """Start an episode: empty history, the seed's own randomness."""
        self.deployment.reset(self.get_parameter('seed').value)
        response.success = True
        return response


def main(args=None):
    """Run the node."""
    return run(PolicyNode, args)


if __name__ == '__main__':
    main()
