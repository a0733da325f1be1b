"""Which objects the collector of cyclic garbage looks at, and when: it holds up all threads meanwhile."""

import contextlib
import gc
from collections.abc import Iterator
from typing import Final

_NEVER: Final = 1 << 30
_START: Final = (10_000, _NEVER, _NEVER)

SERVING: Final = (8_000, 2, 6)
"""Python's thresholds for a server: 700, 10 and 10 by default.

A document that is compiled makes some thousand objects and frees nearly all of them. With 700 each document had several
collections begun, which found nothing; with 8,000 they follow the objects that stay. A full one comes after some
240,000 such objects, and came after 100,000. With a fifth of the full ones, the schemas that changes of the model
replace came to 10 MiB of garbage before they were collected.
"""


@contextlib.contextmanager
def kept_objects() -> Iterator[None]:
    """Have the collector look once at each object that the block makes, and at none of them behind the block.

    Modules and the data of a start are kept as long as the process. Their garbage, such as the first form of each
    dataclass with slots, leaves its memory to the next modules: 1.4 MiB of a worker.
    """
    before = gc.get_threshold()
    gc.set_threshold(*_START)
    try:
        yield
    finally:
        gc.collect(0)  # the objects that no collection has looked at yet
        gc.freeze()
        gc.set_threshold(*before)
