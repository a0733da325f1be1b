"""`fieldstone api-key`: its commands and their options."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.options import Workspace
from fieldstone.metadata.workspaces.lifetimes import LONGEST_OVERLAP

api_key = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke the keys that clients send.")


@api_key.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="The purpose of the key; shown in lists and logs.")],
    workspace: Workspace = "default",
    expires_at: Annotated[
        datetime | None, typer.Option(help="When it stops working, in UTC; never unless given.")
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="A network that it may be used from; may be given several times.")
    ] = None,
    role: Annotated[str, typer.Option(help="The name of its role, as `fieldstone role list` shows it.")] = "admin",
    claims: Annotated[str | None, typer.Option(help="The values that its role declares, as a JSON object.")] = None,
) -> None:
    """Make a key and print it, alone on the last line.

    It is shown this once: only its hash is kept. Works beside a running server.
    """
    work.exit_codes.run(
        work.api_keys.create,
        workspace=workspace,
        name=name,
        expires_at=expires_at,
        networks=network or (),
        role=role,
        claims=claims,
    )


@api_key.command("list")
def list_keys(workspace: Workspace = "default") -> None:
    """List a workspace's keys: id, state, role, name."""
    work.exit_codes.run(work.api_keys.list_all, workspace=workspace)


@api_key.command("rotate")
def rotate_key(
    key_id: Annotated[UUID, typer.Argument(help="The key's id, as `fieldstone api-key list` shows it.")],
    workspace: Workspace = "default",
    overlap: Annotated[
        int, typer.Option(help="Seconds for which the token that it has is valid too.", min=0, max=LONGEST_OVERLAP)
    ] = 0,
) -> None:
    """Give a key another token and print it, alone on the last line."""
    work.exit_codes.run(work.api_keys.rotate, workspace=workspace, key_id=key_id, overlap_seconds=overlap)


@api_key.command("revoke")
def revoke_key(
    key_id: Annotated[UUID, typer.Argument(help="The key's id, as `fieldstone api-key list` shows it.")],
    workspace: Workspace = "default",
    with_made: Annotated[
        bool, typer.Option("--with-made", help="Revoke the keys that it has made too, and those that they have made.")
    ] = False,
) -> None:
    """Revoke a key for good; running servers refuse it within a second."""
    work.exit_codes.run(work.api_keys.revoke, workspace=workspace, key_id=key_id, with_made=with_made)
