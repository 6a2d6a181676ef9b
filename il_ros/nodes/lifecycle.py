"""A lifecycle node that refuses an impossible transition, of which Jazzy's rclpy dies."""

from functools import partial
from typing import Any

from rclpy.lifecycle import LifecycleNode


class ManagedNode(LifecycleNode):
    """Refuse what the state does not allow, and say what it does."""

    def __init__(self, name: str):
        super().__init__(name)
        service = self._service_change_state
        change = service.callback

        def on_change_state(request: Any, response: Any) -> Any:
            if self._is_possible(request.transition):
                return change(request, response)
            self._refuse(request.transition)
            response.success = False
            return response

        service.callback = on_change_state
        for state, callback in self._callbacks.items():  # rclpy keeps their errors to itself
            self._callbacks[state] = partial(self._telling, callback)

    def _telling(self, callback: Any, state: Any) -> Any:
        """Call a transition's callback; an error, which ends it, is told."""
        try:
            return callback(state)
        except Exception as error:
            self.get_logger().error(f'{callback.__name__}: {error!r}')
            raise

    def _is_possible(self, transition: Any) -> bool:
        """Whether the state allows it; a label, where one is given, goes before the number."""
        rows = self._state_machine.available_transitions  # (number, label, ...)
        place, wanted = (1, transition.label) if transition.label else (0, transition.id)
        return wanted in [row[place] for row in rows]

    def _refuse(self, transition: Any) -> None:
        machine = self._state_machine
        possible = [row[1] for row in machine.available_transitions]
        self.get_logger().error(
            f'transition {transition.label or transition.id!r} refused in state '
            f'{machine.current_state[1]!r}; possible: {", ".join(possible)}'
        )
