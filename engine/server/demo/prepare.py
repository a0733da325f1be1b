"""Brings the demo into an empty workspace: its objects and roles, records, views, and a webhook in development."""

import logging
from collections.abc import Callable
from importlib.resources import files

import psycopg

from fieldstone.engine.server.demo.fill import OWN_NAMES, fill_demo, find_lacking, is_empty
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.server.templates.apply import apply_model_file
from fieldstone.engine.settings import Settings
from fieldstone.engine.webhooks.sending.sender import ECHO_HOST
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.catalog.webhooks import NewWebhook, create_webhook
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import ADMIN
from fieldstone.metadata.schema_file import plan_document
from fieldstone.metadata.schema_file.text import read_document

_LOG = logging.getLogger(__name__)
_ACTOR = "demo"


async def bring_demo(foundation: Foundation, settings: Settings, on_progress: Callable[[int, int], None]) -> bool:
    """Fill the workspace `default`; return False where it holds records already, or lacks an object of the sample.

    A model with objects of others gets the sample of the standard objects alone, and stays as it is. The model is one
    transaction, and all the rest another one: a server that ends between both fills the model at its next start.

    Raises:
        MetadataError: the workspace has lost fields that the sample needs.
        SqlError: the database cannot be had.
    """
    snapshot = await foundation.current.get(foundation.default.workspace.id)
    async with foundation.database.session() as connection:
        if not await is_empty(connection, snapshot):
            return False
    if lacking := find_lacking(snapshot):
        _LOG.info("the sample data needs the objects %s, which the workspace lacks", ", ".join(lacking))
        return False
    text = files(__package__).joinpath("demo.yaml").read_text(encoding="utf-8")
    is_standard = not any(object_.is_custom for object_ in snapshot.objects.values())
    if is_standard:
        snapshot = (await apply_model_file(foundation, snapshot.workspace, text, actor=_ACTOR)).snapshot
    is_own = is_standard or _has_own_model(snapshot, text)
    async with foundation.database.session() as connection, connection.transaction():
        is_filled = await fill_demo(connection, snapshot, on_progress, has_own_objects=is_own)
        if is_filled and is_own and settings.is_development:
            await _add_webhook(connection, snapshot, SecretBox(settings.secret_key))
    return is_filled


def _has_own_model(snapshot: Snapshot, text: str) -> bool:
    """Return whether the model has all that the demo's model file has, as the file has it."""
    if not all(name in snapshot.by_singular for name in OWN_NAMES):
        return False
    try:
        return not plan_document(snapshot, read_document(text))
    except InvalidChange:
        return False


async def _add_webhook(connection: psycopg.AsyncConnection, snapshot: Snapshot, box: SecretBox) -> None:
    """Add a webhook whose deliveries a development server answers itself."""
    webhook = NewWebhook(
        target_url=f"http://{ECHO_HOST}/demo",
        operations=["opportunity.*", "campaign.*", "reminder.created"],
        role_id=next(role.id for role in snapshot.roles.values() if role.name == ADMIN),
        claims={},
        description="An example: this server answers each delivery with its own body.",
    )
    await create_webhook(connection, snapshot, webhook, box)
