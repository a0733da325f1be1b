"""Where only trusted documents are answered, subscriptions end with the document that they were begun by."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from fieldstone.engine.request.stored_documents.documents import StoredDocuments
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.errors import DatabaseError

_LOG = logging.getLogger(__name__)

_EVERY: Final = 0.7
"""Seconds between two looks: with the renewal, a subscription outlives its document by less than a second."""


async def keep_compared(
    documents: StoredDocuments, served: Callable[[], Sequence[UUID]], renew: Callable[[UUID], None]
) -> None:
    """Have subscriptions made again where trusted documents have changed, until cancelled: those without one end.

    Args:
        documents: those of the process.
        served: returns the workspaces with subscribers.
        renew: makes the subscriptions of a workspace again.
    """
    noticed: set[UUID] = set()
    pause = LogPause()
    disconnect = documents.changed.connect(noticed.add)
    try:
        while True:
            await asyncio.sleep(_EVERY)
            # A subscription that was being made while the change was noticed is found by the next look.
            late = {*noticed}
            noticed.clear()
            try:
                if workspace_ids := served():
                    await documents.compare(workspace_ids, share=None)
            except DatabaseError as error:
                if pause.begin(error):
                    _LOG.info("trusted documents are compared later: %s", error)
                noticed |= late
                continue
            for workspace_id in late | noticed:
                renew(workspace_id)
    finally:
        disconnect()
