"""`fieldstone workspace`: its commands and their options."""

from typing import Annotated

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.options import Yes

workspace = typer.Typer(
    no_args_is_help=True, help="Make, list and delete workspaces, each with its own model and records."
)


@workspace.command("create")
def create_workspace(name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")]) -> None:
    """Make a workspace with the standard objects: companies, people, opportunities, activities."""
    work.exit_codes.run(lambda settings: work.workspaces.create(settings, name=name))


@workspace.command("delete")
def delete_workspace(
    name: Annotated[str, typer.Argument(help="The workspace's name.")],
    yes: Yes = False,
) -> None:
    """Delete a workspace for good: its keys, its records, its model.

    Its keys are revoked first, and its tables go in portions, so that any number of them will do. A deletion that
    was interrupted continues when the command is given again.
    """
    work.exit_codes.run(lambda settings: work.workspaces.delete(settings, name=name, yes=yes))


@workspace.command("list")
def list_workspaces() -> None:
    """List the workspaces by name."""
    work.exit_codes.run(work.workspaces.list_all)
