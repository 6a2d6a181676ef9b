"""Services of the intervention node: take-over, hand-back, e-stop, a new episode."""

from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.node import Node
from std_srvs.srv import Trigger

from il_ros.arbiter.control import Control
from il_ros.teleop.guiding import Guiding
from il_ros.teleop.hands import Hands


def serve(node: Node, control: Control, hands: Hands | Guiding, now_ns: Callable[[], int]) -> None:
    """Offer them on node; one that cannot be done now is answered with the reason."""
    persons, locks = control.arbiter.persons, control.arbiter.locks
    arms = [arm.name for arm in control.arbiter.spec.arms]

    def take(arm: str) -> None:
        hands.keep(arms.index(arm))
        persons.take_over(arm)

    def give_back(arm: str) -> None:
        hands.let_go(arms.index(arm))
        persons.hand_back(arm)

    def take_all() -> None:
        for arm in arms:
            take(arm)

    def give_back_all() -> None:
        hands.hand_back()
        persons.hand_back()

    actions: dict[str, Callable[[], str | None]] = {
        '~/reset': lambda: control.forget(now_ns()),
        '~/drop_plan': control.drop_plan,
        '~/estop': lambda: locks.stop('software'),
        '~/clear_estop': lambda: locks.clear(now_ns()),
        '~/take_over': take_all,
        '~/hand_back': give_back_all,
        '~/label': hands.label,
    }
    for arm in arms:
        actions[f'~/{arm}/take_over'] = partial(take, arm)
        actions[f'~/{arm}/hand_back'] = partial(give_back, arm)
    for name, action in actions.items():
        node.create_service(Trigger, name, partial(_do, action))
    node.create_service(Trigger, '~/dropped', partial(_dropped, control))


def _do(action: Callable[[], str | None], request: Any, response: Any) -> Any:
    """Do it; what an action returns is why it could not be done."""
    refusal = action() or ''
    response.success, response.message = not refusal, refusal
    return response


def _dropped(control: Control, request: Any, response: Any) -> Any:
    """Name the participants of lockstep that had to be dropped: not repeatable then."""
    response.success = True
    response.message = ', '.join(control.lockstep.dropped if control.lockstep else ())
    return response
