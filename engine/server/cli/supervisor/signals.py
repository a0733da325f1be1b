"""Signals as events of a loop: nothing is done within a handler."""

import contextlib
import selectors
import signal
import socket
from collections.abc import Callable, Iterator, Mapping


@contextlib.contextmanager
def waking(events: selectors.BaseSelector, actions: Mapping[int, Callable[[], None]]) -> Iterator[None]:
    """Have signals wake up a loop, which then does the action of each, for the length of the block."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)

    def take() -> None:
        for number in ours.recv(1024):
            actions[number]()

    before = {number: signal.signal(number, lambda *_: None) for number in actions}
    woken = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    events.register(ours, selectors.EVENT_READ, take)
    try:
        yield
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before.items():
            signal.signal(number, handler)
        events.unregister(ours)
        ours.close()
        theirs.close()
