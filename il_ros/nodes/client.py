"""Calls into a graph from a plain program: services and parameters, answered by a deadline."""

from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any

from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import ListParameters, SetParameters
from rclpy.node import Node
from std_srvs.srv import Trigger

PATIENCE_S = 30.0  # a node that has not answered by then is not there
ASK_AGAIN_S = 1.0
LONGEST_PAUSE_S = 0.01  # between two looks at what is waited for


class GraphError(RuntimeError):
    """A node of the graph did not answer, or refused."""


class Refused(GraphError, ValueError):
    """A node of the graph refused what it was given."""


class Closed(Exception):
    """The program is to end; nothing is wrong."""


class Client:
    """Synchronous calls, by names relative to the node's namespace; another thread spins it."""

    def __init__(self, node: Node, patience_s: float = PATIENCE_S):
        self.node = node
        self.patience_s = patience_s
        self._clients: dict[str, Any] = {}
        self._is_closed = False

    def close(self) -> None:
        """End what is waited for, now and later, by Closed."""
        self._is_closed = True

    def check_open(self) -> None:
        """Raise Closed after close()."""
        if self._is_closed:
            raise Closed

    def introduce(self, node_name: str, services: Mapping[str, type]) -> None:
        """
        Make ourselves known to a node as a caller of its services; GraphError if it is not there.

        A node throws away the answer to a caller that it has not found yet. It finds our callers
        in the order in which they were made: when the last one, which may ask twice, gets its
        answer, all are found.
        """
        for name, kind in services.items():
            self._client(kind, f'{node_name}/{name}')
        last: Any = self.node.create_client(ListParameters, f'{node_name}/list_parameters')
        self.wait_until(last.service_is_ready, f'{node_name}: not there; is the node up?')
        asked: list[tuple[float, Any]] = []  # when [s], and what will hold the answer

        def is_answered() -> bool:
            if not asked or monotonic() - asked[-1][0] > ASK_AGAIN_S:
                asked.append((monotonic(), last.call_async(ListParameters.Request())))
            return any(future.done() for _, future in asked)

        self.wait_until(is_answered, f'{node_name}: no answer; is the node busy?')

    def call(self, kind: type, name: str, request: Any) -> Any:
        """Call a service and return its response; GraphError when nobody answers."""
        self.check_open()
        client = self._client(kind, name)
        self.wait_until(client.service_is_ready, f'{name}: no such service; is the node up?')
        future = client.call_async(request)
        self.wait_until(future.done, f'{name}: no answer')
        return future.result()

    def _client(self, kind: type, name: str) -> Any:
        if name not in self._clients:
            self._clients[name] = self.node.create_client(kind, name)
        return self._clients[name]

    def trigger(self, name: str) -> str:
        """Call a Trigger service and return its message; GraphError with it when refused."""
        response = self.call(Trigger, name, Trigger.Request())
        if not response.success:
            raise GraphError(f'{name}: {response.message}')
        return response.message

    def set(self, node_name: str, values: dict[str, Any]) -> None:
        """Set parameters of a node; Refused, with the reason, when it does not take one."""
        request = SetParameters.Request(
            parameters=[Parameter(name=k, value=_value(v)) for k, v in values.items()]
        )
        response = self.call(SetParameters, f'{node_name}/set_parameters', request)
        for name, result in zip(values, response.results, strict=True):
            if not result.successful:
                raise Refused(f'{node_name}.{name}: {result.reason}')

    def change_state(self, node_name: str, transition: str) -> None:
        """Bring a lifecycle node through a transition: configure, activate, deactivate."""
        code = getattr(Transition, f'TRANSITION_{transition.upper()}')
        request = ChangeState.Request(transition=Transition(id=code))
        if not self.call(ChangeState, f'{node_name}/change_state', request).success:
            raise GraphError(f'{node_name}: cannot {transition}; its log says why')

    def state_of(self, node_name: str) -> str:
        """Return the state of a lifecycle node: unconfigured, inactive or active."""
        current = self.call(GetState, f'{node_name}/get_state', GetState.Request()).current_state
        known = {
            State.PRIMARY_STATE_UNCONFIGURED: 'unconfigured',
            State.PRIMARY_STATE_INACTIVE: 'inactive',
            State.PRIMARY_STATE_ACTIVE: 'active',
        }
        return known.get(current.id, current.label)

    def wait_until(
        self,
        is_true: Callable[[], bool],
        what: str | Callable[[], str],
        patience_s: float | None = None,
    ) -> None:
        """Wait until something is true; GraphError says what it was, Closed that we end."""

        def is_true_or_closed() -> bool:
            self.check_open()
            return is_true()

        wait_until(is_true_or_closed, patience_s or self.patience_s, what)


def wait_until(
    is_true: Callable[[], bool], patience_s: float, what: str | Callable[[], str]
) -> None:
    """Wait, politely, until something is true; GraphError says what was waited for."""
    deadline = monotonic() + patience_s
    pause_s = 0.0005
    while not is_true():
        if monotonic() > deadline:
            told = what if isinstance(what, str) else what()
            raise GraphError(f'{told} (waited {patience_s:g} s)')
        sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _value(value: Any) -> ParameterValue:
    """Return a Python value as a parameter's."""
    fields = {bool: (1, 'bool_value'), int: (2, 'integer_value'), float: (3, 'double_value')}
    kind, field = fields.get(type(value), (4, 'string_value'))
    return ParameterValue(type=kind, **{field: value})
