"""Indexes that are older than the order of texts, or the words of searches: they are renewed behind the upgrade."""

import logging
from functools import partial
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.changes.kinds.renew_texts import RenewTexts, RenewWords, find_missing, find_succeeded
from fieldstone.metadata.changes.types import Change
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.model import Snapshot, Status
from fieldstone.metadata.online_ddl.one_build import ACTOR
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.plan.text_search import WORDS
from fieldstone.sql.text_order import VERSION

_LOG = logging.getLogger(__name__)


async def renew_texts(connection: Session, writer: ModelWriter, workspace_id: UUID, *, with_trigram: bool) -> bool:
    """Bring a workspace's indexes one step nearer to the order of texts; return whether it is there.

    A step makes the new indexes, those on big tables as builds; a later one drops the older ones whose successors are
    READY. Pages are right all the time, since the order does not depend on the indexes.

    Args:
        connection: in autocommit mode.
        writer: of the models.
        workspace_id: the workspace.
        with_trigram: whether the server has trigrams.

    Raises:
        DatabaseError: it was interrupted.
        MetadataError: the model cannot be changed now.
    """
    try:
        snapshot = await read_snapshot(connection, workspace_id)
    except UnknownObject:
        return False
    for object_ in snapshot.objects.values():
        change = RenewTexts(object_id=object_.id, with_trigram=with_trigram)
        # Once for the new indexes, once for the older ones, where no build is between.
        for _ in range(2):
            if not _is_due(snapshot, object_.id, with_trigram=with_trigram):
                break
            snapshot = await writer.change(workspace_id, partial(_only, change), actor=ACTOR)
    if any(index.status is Status.BUILDING for index in snapshot.indexes.values()):
        return False
    parameters = {"workspace_id": workspace_id, "text_order": VERSION}
    await connection.execute(QUERIES["set_text_order"], parameters)
    _LOG.info("the texts of the workspace %s are in the order of version %d", snapshot.workspace.name, VERSION)
    return True


async def find_former_searches(connection: Session) -> list[tuple[UUID, UUID]]:
    """Return the indexes for searches that are READY and made of other words than the present ones, by workspace."""
    return await fetch(connection, "former_searches", words=f"{WORDS}(text)")


async def renew_words(connection: Session, writer: ModelWriter, workspace_id: UUID) -> None:
    """Have the builder build a workspace's indexes for searches again if they are made of other words.

    Raises:
        DatabaseError: it was interrupted.
        MetadataError: the model cannot be changed now.
    """
    former = await find_former_searches(connection)
    changes = [RenewWords(index_id=id_) for of, id_ in former if of == workspace_id]
    if changes:
        await writer.change(workspace_id, lambda _: changes, actor=ACTOR)


def _is_due(snapshot: Snapshot, object_id: UUID, *, with_trigram: bool) -> bool:
    object_ = snapshot.objects.get(object_id)
    if object_ is None:
        return False
    missing = find_missing(snapshot, object_, with_trigram=with_trigram)
    return any(missing) or any(find_succeeded(snapshot, object_))


def _only(change: Change, _: Snapshot) -> list[Change]:
    return [change]
