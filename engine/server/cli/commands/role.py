"""`fieldstone role`: its commands and their options."""

from typing import Annotated

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.options import Workspace

role = typer.Typer(no_args_is_help=True, help="List and show the roles that keys, users and webhooks have.")


@role.command("list")
def list_roles(workspace: Workspace = "default") -> None:
    """List a workspace's roles: name, label, settings."""
    work.exit_codes.run(work.roles.list_all, workspace=workspace)


@role.command("show")
def show_role(
    name: Annotated[str, typer.Argument(help="The role's name.")],
    workspace: Workspace = "default",
) -> None:
    """Show a role as YAML, with the present names of objects and fields."""
    work.exit_codes.run(work.roles.show, workspace=workspace, name=name)
