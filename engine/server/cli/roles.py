"""`fieldstone role`: the roles of a workspace, listed and shown."""

import typer

from fieldstone.engine.server.cells.workspaces import open_foundation_of
from fieldstone.engine.settings import Settings
from fieldstone.metadata.access.role_display import show_role
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.role import find_role
from fieldstone.metadata.schema_file.text import write_document
from fieldstone.metadata.shown_text import escape


async def list_all(settings: Settings, *, workspace: str) -> None:
    """Print a line for each role: its name, its label and the settings that it may see and change."""
    model = await _load(settings, workspace)
    for role in model.roles.values():
        names = " ".join(sorted(setting.value for setting in role.settings))
        typer.echo(f"{role.name:<20}  {escape(role.label):<24}  {names}".rstrip())


async def show(settings: Settings, *, workspace: str, name: str) -> None:
    """Print a role as YAML, with the present names of objects and fields.

    Raises:
        MetadataError: there is no such workspace, or it has no such role.
    """
    model = await _load(settings, workspace)
    role = find_role(model.roles, name)
    if role is None:
        known = ", ".join(role.name for role in model.roles.values())
        raise UnknownObject(f'there is no role "{escape(name)}"; the workspace has {known}', field="name")
    typer.echo(write_document(show_role(model, role)), nl=False)


async def _load(settings: Settings, workspace: str) -> Snapshot:
    async with open_foundation_of(settings, workspace, only_reads=True) as foundation:
        return await foundation.current.get((await foundation.workspaces.find(workspace)).id)
