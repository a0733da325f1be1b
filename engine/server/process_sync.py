"""Keeps this process in step with the others on its database: models and keys."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

from fieldstone.engine.broadcast import Broadcast, build_broadcast
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_watcher import POLL_INTERVAL, SnapshotWatch
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.concurrency.tasks import running

_LOG = logging.getLogger(__name__)

MODEL_TOPIC = "model"
"""A workspace's id and the version of its model, as `id:version`."""
KEY_TOPIC = "keys"
"""The id of a key that was revoked or rotated."""


@asynccontextmanager
async def keep_in_step(
    settings: Settings, foundation: Foundation, writer: ModelWriter, *, interval: float = POLL_INTERVAL
) -> AsyncIterator[Broadcast]:
    """Hear of the changes of other processes, tell them of ours, and look at the versions each `interval` seconds."""
    broadcast = build_broadcast(settings, foundation.database, foundation.default.workspace.id)
    watch = SnapshotWatch(foundation.current, foundation.database, keys=foundation.keys, interval=interval)
    _connect(broadcast, watch, foundation, writer)
    await broadcast.start()
    try:
        async with running({"snapshot watch": watch.run}):
            yield broadcast
    finally:
        await broadcast.close()


def _connect(broadcast: Broadcast, watch: SnapshotWatch, foundation: Foundation, writer: ModelWriter) -> None:
    def tell_of_model(snapshot: Snapshot) -> None:
        broadcast.publish(MODEL_TOPIC, f"{snapshot.workspace.id}:{snapshot.version}")

    def hear_of_model(payload: str) -> None:
        workspace_id, _, version = payload.partition(":")
        watch.hear(UUID(workspace_id), int(version))

    def hear_of_key(payload: str) -> None:
        foundation.keys.forget(UUID(payload))

    writer.committed.connect(tell_of_model)
    foundation.keys.changed.connect(lambda key_id: broadcast.publish(KEY_TOPIC, str(key_id)))
    for topic, hear in ((MODEL_TOPIC, hear_of_model), (KEY_TOPIC, hear_of_key)):
        broadcast.heard[topic].connect(partial(_hear, topic, hear))
    broadcast.gap.connect(watch.ask)


def _hear(topic: str, hear: Callable[[str], None], payload: str) -> None:
    """Take a message, which any session of the database can send."""
    try:
        hear(payload)
    except ValueError:
        _LOG.warning("a message about %s is not one of Fieldstone's: %.80r", topic, payload)
