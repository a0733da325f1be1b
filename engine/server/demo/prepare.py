"""Brings the demo into an empty workspace: its objects and roles, records, views, and a webhook in development."""

from collections.abc import Callable
from importlib.resources import files

import psycopg

from fieldstone.engine.server.demo.fill import fill_demo, is_empty
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.server.templates.apply import apply_model_file
from fieldstone.engine.settings import Settings
from fieldstone.engine.webhooks.sending.sender import ECHO_HOST
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.catalog.webhooks import NewWebhook, create_webhook
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import ADMIN

_ACTOR = "demo"


async def bring_demo(foundation: Foundation, settings: Settings, on_progress: Callable[[int, int], None]) -> bool:
    """Fill the workspace `default`; return False where it holds records already.

    A model with objects of others gets the sample of the standard objects alone, and stays as it is.

    Raises:
        MetadataError: the workspace has lost objects or fields that the sample needs.
        SqlError: the database cannot be had.
    """
    snapshot = await foundation.current.get(foundation.default.workspace.id)
    async with foundation.database.session() as connection:
        if not await is_empty(connection, snapshot):
            return False
    is_standard = not any(object_.is_custom for object_ in snapshot.objects.values())
    if is_standard:
        text = files(__package__).joinpath("demo.yaml").read_text(encoding="utf-8")
        snapshot = (await apply_model_file(foundation, snapshot.workspace, text, actor=_ACTOR)).snapshot
    async with foundation.database.session() as connection:
        is_filled = await fill_demo(connection, snapshot, on_progress, has_own_objects=is_standard)
        if is_filled and is_standard and settings.is_development:
            await _add_webhook(connection, snapshot, SecretBox(settings.secret_key))
    return is_filled


async def _add_webhook(connection: psycopg.AsyncConnection, snapshot: Snapshot, box: SecretBox) -> None:
    """Add a webhook whose deliveries a development server answers itself."""
    webhook = NewWebhook(
        target_url=f"http://{ECHO_HOST}/demo",
        operations=["opportunity.*", "campaign.*", "reminder.created"],
        role_id=next(role.id for role in snapshot.roles.values() if role.name == ADMIN),
        claims={},
        description="An example: this server answers each delivery with its own body.",
    )
    async with connection.transaction():
        await create_webhook(connection, snapshot, webhook, box)
