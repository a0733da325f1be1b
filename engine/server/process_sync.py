"""Keeps this process in step with the others on its database: models and keys."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from fieldstone.engine.broadcast import Broadcast, build_broadcast
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_watcher import POLL_INTERVAL, SnapshotWatch
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.concurrency.tasks import running

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

    writer.committed.connect(tell_of_model)
    foundation.keys.changed.connect(lambda key_id: broadcast.publish(KEY_TOPIC, str(key_id)))
    broadcast.heard[MODEL_TOPIC].connect(hear_of_model)
    broadcast.heard[KEY_TOPIC].connect(lambda payload: foundation.keys.forget(UUID(payload)))
    broadcast.gap.connect(watch.ask)
