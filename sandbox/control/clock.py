"""The control API's clock: set it, let time pass, stop it, and skew the Date header of answers."""

from typing import Any

from sandbox import clock
from sandbox.control import checks
from sandbox.control.checks import is_number
from sandbox.control.controls import Controls, Order

BODY = '{"advance_seconds": n}, {"now": "2026-11-23T10:00:00Z"} or {"running": true or false}'


def steer(controls: Controls, order: Order) -> dict[str, Any]:
    ours = controls.account.clock
    match order.body:
        case {"advance_seconds": seconds, **rest} if is_number(seconds) and not rest:
            ours.set(_reachable(ours.now() + seconds))
        case {"now": str() as moment, **rest} if not rest:
            ours.set(checks.moment("now", moment))
        case {"running": bool() as running, **rest} if not rest:
            ours.run() if running else ours.stop()
        case _:
            raise ValueError(f"say {BODY}")
    return {"now": clock.written(ours.now()), "running": ours.running}


def skew(controls: Controls, order: Order) -> dict[str, Any]:
    match order.body:
        case {"seconds": seconds, **rest} if is_number(seconds) and not rest:
            ours = controls.account.clock
            _reachable(ours.now() + seconds)
            ours.skew = seconds
            return {"skew_seconds": seconds}
        case _:
            raise ValueError('say {"seconds": number}; 0 ends it')


def _reachable(moment: float) -> float:
    try:
        clock.written(moment)
    except (OverflowError, ValueError, OSError) as error:
        raise ValueError("the clock cannot go that far") from error
    return moment
