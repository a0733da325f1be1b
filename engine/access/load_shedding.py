"""Load shedding: the refusals of an overloaded server, which are counted, and logged now and then."""

import logging
from typing import Final
from uuid import UUID

from fieldstone.engine.errors import Overloaded
from fieldstone.sql.concurrency.log_pause import LogPause

_LOG = logging.getLogger(__name__)

_REASON: Final = (
    "The server is overloaded: more operations of this workspace wait than are served in time. Nothing was done; try"
    " again in a moment."
)


class LoadShedding:
    """Makes the errors of operations that were not begun, as they would be answered too late.

    Attributes:
        count: operations so far.
    """

    def __init__(self) -> None:
        self.count = 0
        self._logged = 0
        self._pause = LogPause()

    def refuse(self, workspace_id: UUID, reason: str = _REASON) -> Overloaded:
        """Return the error of an operation of this workspace, and count it."""
        self.count += 1
        if self._pause.begin():
            _LOG.warning(
                "overloaded: %d operations were refused, the last one of workspace %s, since more come than are served"
                " in time",
                self.count - self._logged,
                workspace_id,
            )
            self._logged = self.count
        return Overloaded(reason)
