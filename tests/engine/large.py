"""A database whose workspace has a thousand objects, made by the change API in a few transactions."""

import asyncio
from collections.abc import Sequence
from functools import partial

from fieldstone.metadata.changes import Change, CreateObject
from fieldstone.metadata.model import Snapshot
from tests.apis import WORKSPACE_ID, open_apis, workspace_template
from tests.databases import Databases

LARGE = 1_000
"""The objects, the standard ones among them."""

_AT_ONCE = 100


def large_template(databases: Databases) -> str:
    """The template of the workspace with the objects gadget0 / gadgets0 and so on."""
    return databases.template("many objects", lambda dsn: asyncio.run(_fill(dsn)), base=workspace_template(databases))


async def _fill(dsn: str) -> None:
    async with open_apis(dsn) as apis:
        first = len((await apis.snapshot()).objects)
        for start in range(first, LARGE, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, LARGE))
            changes = [_gadget(number - first) for number in numbers]
            await apis.writer.change(WORKSPACE_ID, partial(_given, changes), actor="test")


def _given(changes: Sequence[Change], _: Snapshot) -> Sequence[Change]:
    return changes


def _gadget(number: int) -> CreateObject:
    return CreateObject(
        name_singular=f"gadget{number}",
        name_plural=f"gadgets{number}",
        label_singular=f"Gadget {number}",
        label_plural=f"Gadgets {number}",
    )
