"""Services of the intervention node: take-over, hand-back, hold, e-stop, a new episode."""

from collections.abc import Callable
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros.arbiter.control import Control


def serve(node: Node, control: Control, now_ns: Callable[[], int]) -> None:
    """Offer them on node; one that cannot be done now is answered with the reason."""
    arbiter = control.arbiter
    arms = [arm.name for arm in arbiter.spec.arms]

    def take_all() -> None:
        for arm in arms:
            arbiter.take_over(arm)

    actions: dict[str, Callable[[], Any]] = {
        '~/reset': lambda: control.forget(now_ns()),
        '~/hold': lambda: control.hold('told to hold'),
        '~/estop': lambda: arbiter.estop('software'),
        '~/clear_estop': arbiter.clear_estop,
        '~/take_over': take_all,
        '~/hand_back': arbiter.hand_back,
    }
    for arm in arms:
        actions[f'~/{arm}/take_over'] = lambda arm=arm: arbiter.take_over(arm)
        actions[f'~/{arm}/hand_back'] = lambda arm=arm: arbiter.hand_back(arm)
    for name, action in actions.items():
        node.create_service(Trigger, name, lambda _, r, a=action: _answer(r, a() or ''))
    node.create_service(Trigger, '~/dropped', lambda _, r: _dropped(r, control))


def _answer(response: Any, refusal: str) -> Any:
    """Fill in a response; a refusal is why it could not be done."""
    response.success, response.message = not refusal, refusal
    return response


def _dropped(response: Any, control: Control) -> Any:
    """Name the participants of lockstep that had to be dropped: not repeatable then."""
    response.success = True
    response.message = ', '.join(control.lockstep.dropped if control.lockstep else ())
    return response
