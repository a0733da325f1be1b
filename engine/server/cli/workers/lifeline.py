"""A pipe that ends with other processes."""

import asyncio
import os
from collections.abc import Callable


def on_end(descriptor: int, action: Callable[[], object]) -> None:
    """Do something on the running loop when no process holds the other end of a pipe any more."""
    loop = asyncio.get_running_loop()
    os.set_blocking(descriptor, False)

    def notice() -> None:
        # Nothing is ever written to it.
        loop.remove_reader(descriptor)
        action()

    loop.add_reader(descriptor, notice)
