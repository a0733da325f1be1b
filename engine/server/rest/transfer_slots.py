"""The slots of imports and exports, which take longer than other operations and so have few of their own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from fieldstone.engine.access.slots import Slots
from fieldstone.engine.errors import RateLimitExceeded
from fieldstone.metadata.roles.principal import Principal, SubjectKind

MOST_OF_KEY = 2
"""Imports, or exports, of a key that one process has in progress."""
MOST_OF_WORKSPACE = 4
"""Imports, or exports, of a workspace that one process has in progress."""


class TransferSlots:
    """The slots of one process, for which nothing waits.

    Args:
        kind: names those that hold them in a refusal: "imports".
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        # No transfer waits for its slot, so that a pace could only refuse transfers.
        self._keys = Slots(each=MOST_OF_KEY, workspace=MOST_OF_WORKSPACE, is_paced=False)
        # Visitors, which may be any number, must not take the slots of the keys.
        self._visitors = Slots(each=MOST_OF_KEY, workspace=MOST_OF_WORKSPACE, is_paced=False)

    @property
    def in_progress(self) -> int:
        """The slots that are held."""
        return self._keys.in_progress + self._visitors.in_progress

    @contextmanager
    def held(self, principal: Principal) -> Iterator[None]:
        """Hold a slot for the length of the block.

        Raises:
            RateLimitExceeded: there is none.
        """
        slots = self._visitors if principal.kind is SubjectKind.ANONYMOUS else self._keys
        if not slots.try_enter(principal):
            raise RateLimitExceeded(
                f"Too many {self._kind} are in progress: {MOST_OF_KEY} of a key, and {MOST_OF_WORKSPACE} of a"
                " workspace.",
                extensions={"resetAt": int(time.time() * 1000) + 1_000},
            )
        try:
            yield
        finally:
            slots.leave(principal)
