"""`fieldstone api-key`: keys made, listed and revoked."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import typer

from fieldstone.engine.server.cells.workspaces import at_workspace
from fieldstone.engine.server.cli.command_error import require_output
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.settings import Settings
from fieldstone.metadata.access.claims import find_undeclared, notation
from fieldstone.metadata.access.effective import effective_claims
from fieldstone.metadata.access.view import type_claims
from fieldstone.metadata.errors import InvalidChange, PrincipalValueRefused
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.metadata.roles.role import ADMIN, find_role
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.workspaces.api_keys import ApiKey, NewApiKey


async def create(
    settings: Settings,
    *,
    workspace: str,
    name: str,
    expires_at: datetime | None,
    networks: Sequence[str] = (),
    role: str = ADMIN,
    claims: str | None = None,
) -> None:
    """Make a key and print it alone on the last line.

    Raises:
        CommandError: there is no standard output.
        MetadataError: there is no such workspace or role, or the name, the expiry or the claims are not allowed.
    """
    require_output()
    if expires_at is not None and expires_at.tzinfo is None:
        expires_at = expires_at.replace(tzinfo=UTC)
    given = {} if claims is None else read_claims(claims)

    async def make(foundation: Foundation, found: Workspace) -> NewApiKey:
        _require_claims(await foundation.current.get(found.id), role, given)
        return await foundation.keys.create(
            found.id, name, expires_at=expires_at, networks=networks, role=role, claims=given
        )

    made = await at_workspace(settings, workspace, make)
    typer.echo(f"Key '{escape(name)}' of workspace '{workspace}' ({made.key.id}); it is shown this once:", err=True)
    typer.echo(made.token)


async def list_all(settings: Settings, *, workspace: str) -> None:
    """Print a line for each key."""
    keys = await at_workspace(
        settings, workspace, lambda foundation, found: foundation.keys.list(found.id), only_reads=True
    )
    for key in keys:
        typer.echo(f"{key.id}  {_state(key):<32}  {key.role or '-':<12}  {escape(key.name)}")
    if not keys:
        typer.echo("There are no keys: make one with fieldstone api-key create --name NAME.", err=True)


async def rotate(settings: Settings, *, workspace: str, key_id: UUID, overlap_seconds: int) -> None:
    """Give a key another token and print it alone on the last line.

    Raises:
        CommandError: there is no standard output.
        MetadataError: there is no such workspace, or it has no such key that is valid.
    """
    require_output()

    async def give(foundation: Foundation, found: Workspace) -> NewApiKey:
        return await foundation.keys.rotate(found.id, key_id, overlap_seconds=overlap_seconds)

    made = await at_workspace(settings, workspace, give)
    typer.echo(f"Key '{escape(made.key.name)}' has another token; it is shown this once:", err=True)
    typer.echo(made.token)


async def revoke(settings: Settings, *, workspace: str, key_id: UUID, with_made: bool) -> None:
    """Revoke a key, and with `with_made` those that it has made.

    Raises:
        MetadataError: there is no such workspace, or it has no such key.
    """

    async def end(foundation: Foundation, found: Workspace) -> ApiKey:
        return await foundation.keys.revoke(found.id, key_id, with_made=with_made)

    revoked = await at_workspace(settings, workspace, end)
    typer.echo(f"Key '{escape(revoked.name)}' is revoked.", err=True)


def read_claims(text: str) -> Mapping[str, JsonValue]:
    """Return the values of a JSON object.

    Raises:
        InvalidChange: it is none.
    """
    try:
        given = loads(text)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise InvalidChange('claims must be a JSON object of values by name, such as {"userId": ".."}', field="claims")
    return given


def _require_claims(model: Snapshot, role_name: str, given: Mapping[str, JsonValue]) -> None:
    """Refuse a key whose values are not those that its role declares.

    Raises:
        InvalidChange: a value is missing, not of its type or not declared; it names all that the role declares.
    """
    role = find_role(model.roles, role_name)
    if role is None:
        return  # the creation refuses it, and names the roles that there are
    if fault := find_undeclared(role.name, effective_claims(model, role), given):
        raise InvalidChange(fault, field="claims")
    try:
        type_claims(model, role, given)
    except PrincipalValueRefused as error:
        declared = ", ".join(f'"{claim.name}": {notation(claim)}' for claim in effective_claims(model, role))
        raise InvalidChange(f"{error.message} Give its values by --claims '{{{declared}}}'", field="claims") from None


def _state(key: ApiKey) -> str:
    if key.revoked_at is not None:
        return f"revoked {key.revoked_at:%Y-%m-%d %H:%M}"
    if key.expires_at is not None:
        verb = "expires" if key.expires_at > datetime.now(UTC) else "expired"
        return f"{verb} {key.expires_at:%Y-%m-%d %H:%M}"
    return "valid"
