"""`fieldstone sql-role`: logins that read records with SQL, made, listed and dropped."""

import typer

from fieldstone.engine.server.cells.workspaces import open_foundation_of
from fieldstone.engine.server.cli.api_keys import read_claims
from fieldstone.engine.server.cli.command_error import require_output
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.workspaces.sql_roles import SqlRoles

_ACTOR = "fieldstone sql-role"


async def create(
    settings: Settings,
    *,
    workspace: str,
    name: str,
    role: str,
    claims: str | None,
    snake_case: bool,
    connections: int,
    statement_seconds: int,
) -> None:
    """Make a SQL role and print its password alone on the last line.

    Raises:
        CommandError: there is no standard output.
        MetadataError: there is no such workspace or role, or the name, the role or the claims are not allowed.
    """
    require_output()
    async with open_foundation_of(settings, workspace) as foundation:
        made = await (await _roles(foundation, workspace)).create(
            name,
            role=role,
            claims={} if claims is None else read_claims(claims),
            snake_case=snake_case,
            connections=connections,
            statement_seconds=statement_seconds,
        )
    if made.hidden:
        hidden = ", ".join(made.hidden)
        typer.echo(f"Without a view, because the rules of {role} need values that are not given: {hidden}.", err=True)
    typer.echo(
        f"SQL role '{name}' reads the schema {made.schema} of workspace '{workspace}' as {role}; its password is shown"
        " this once:",
        err=True,
    )
    typer.echo(made.password)


async def list_all(settings: Settings, *, workspace: str) -> None:
    """Print a line for each SQL role."""
    async with open_foundation_of(settings, workspace, only_reads=True) as foundation:
        found = await (await _roles(foundation, workspace)).list()
        model = await foundation.current.get((await foundation.workspaces.find(workspace)).id)
    for one in found:
        role = model.roles.get(one.role_id)
        values = f"  {dumps(dict(one.claims))}" if one.claims else ""
        typer.echo(escape(f"{one.name:<24}  {role.name if role else '-':<20}  {one.schema}{values}"))
    if not found:
        typer.echo("There are no SQL roles: make one with fieldstone sql-role create NAME.", err=True)


async def set_password(settings: Settings, *, workspace: str, name: str) -> None:
    """Give a SQL role another password and print it alone on the last line.

    Raises:
        MetadataError: there is no such workspace, or it has no such SQL role.
    """
    async with open_foundation_of(settings, workspace) as foundation:
        password = await (await _roles(foundation, workspace)).set_password(name)
    typer.echo(f"SQL role '{name}' has another password; it is shown this once:", err=True)
    typer.echo(password)


async def drop(settings: Settings, *, workspace: str, name: str) -> None:
    """Drop a SQL role.

    Raises:
        MetadataError: there is no such workspace, or it has no such SQL role.
    """
    async with open_foundation_of(settings, workspace) as foundation:
        await (await _roles(foundation, workspace)).drop(name)
    typer.echo(f"SQL role '{name}' is dropped.", err=True)


async def _roles(foundation: Foundation, workspace: str) -> SqlRoles:
    found = await foundation.workspaces.find(workspace)
    return SqlRoles(foundation.writer, found.id, actor=_ACTOR)
