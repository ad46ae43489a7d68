"""The loop around ticks, for `leasehold up` and `leasehold reconcile --every`.

Whatever goes wrong in a tick is told in a sentence, and the next tick goes on.
"""

import signal
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread

from controller.coalesce import Bell
from controller.reconcile import Tick
from leasehold.narration import Narrator
from ledger.errors import Failure, Unavailable


def keep_ticking(
    tick: Callable[[], Tick],
    every: float,
    stopping: Event,
    narrator: Narrator,
    bell: Bell | None = None,
) -> None:
    """Tick until `stopping` is set; each tick starts `every` seconds after the last one's end.

    A `bell` that rings ends the pause early; whoever sets `stopping` rings it too.
    """
    pause = bell.pause if bell else stopping.wait
    while not stopping.is_set():
        try:
            narrator.tell(tick())
        except Failure as failure:
            narrator.tell_failure(failure)
        except Exception as error:  # noqa: BLE001  (the loop outlives whatever a tick meets)
            sentence = f"a tick met something unforeseen ({type(error).__name__}: {error})."
            narrator.tell_failure(Unavailable("LH5020", sentence))
        pause(every)


def until_stopped() -> Event:
    """Turn SIGINT and SIGTERM into an event. A second one changes nothing, for the end is near.

    A handler may interrupt this thread inside `stopping.wait()`, where `set()` would wait for a
    lock that the thread itself holds. `SimpleQueue.put` is reentrant; the event is set elsewhere.
    """
    stopping, asked = Event(), SimpleQueue[int]()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda signum, _: asked.put(signum))

    def await_signal() -> None:
        asked.get()
        stopping.set()

    Thread(target=await_signal, name="signals", daemon=True).start()
    return stopping
