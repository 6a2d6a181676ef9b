"""A lifecycle node that refuses an impossible transition, of which rclpy's own dies."""

from typing import Any

from rclpy.lifecycle import LifecycleNode


class ManagedNode(LifecycleNode):
    """Refuse what the state does not allow, and say what it does."""

    def __init__(self, name: str):
        super().__init__(name)
        service = self._service_change_state
        change = service.callback

        def on_change_state(request: Any, response: Any) -> Any:
            try:
                return change(request, response)
            except RuntimeError as error:  # of the state machine; those of callbacks are caught
                self._refuse(request.transition, error)
                response.success = False
                return response

        service.callback = on_change_state

    def _refuse(self, transition: Any, error: RuntimeError) -> None:
        machine = self._state_machine
        possible = [row[1] for row in machine.available_transitions]
        self.get_logger().error(
            f'transition {transition.label or transition.id!r} refused in state '
            f'{machine.current_state[1]!r}; possible: {", ".join(possible)}'
        )
