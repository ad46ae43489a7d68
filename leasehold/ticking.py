"""The loop around ticks, for `leasehold up` and `leasehold reconcile --every`.

Whatever goes wrong in a tick is told in a sentence, and the next tick goes on.
"""

import signal
import socket
from collections.abc import Callable
from threading import Event, Thread

from controller.coalesce import TickSignal
from controller.reconcile import Tick
from leasehold.narration import Narrator
from ledger.errors import Failure, Unavailable


def keep_ticking(
    tick: Callable[[], Tick],
    every: float,
    stopping: Event,
    narrator: Narrator,
    wake: TickSignal | None = None,
) -> None:
    """Tick until `stopping` is set; each tick starts `every` seconds after the last one's end.

    A `wake` that is set ends the pause early; whoever sets `stopping` sets it too.
    """
    pause = wake.wait if wake else stopping.wait
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

    Python runs its handlers in the main thread, between two steps of it. One that strikes just
    before that thread begins to wait would be heard after the wait, and one that strikes inside
    `stopping.wait()` would need a lock that the thread itself holds. So Python's own C handler
    writes to a socket at once, and another thread sets the event.
    """
    stopping = Event()
    heard, struck = socket.socketpair()
    struck.setblocking(False)  # noqa: FBT003 - the standard library's
    signal.set_wakeup_fd(struck.fileno(), warn_on_full_buffer=False)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)

    def listen(heard: socket.socket, _struck: socket.socket) -> None:
        """Keep both ends open as long as signals may come, which is to the end of the process."""
        while heard.recv(1):
            stopping.set()

    Thread(target=listen, args=(heard, struck), name="signals", daemon=True).start()
    return stopping
