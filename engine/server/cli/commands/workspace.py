"""`fieldstone workspace`: its commands and their options."""

from typing import Annotated

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.options import Yes

workspace = typer.Typer(
    no_args_is_help=True, help="Make, list and delete workspaces, each with its own model and records."
)


@workspace.command("create")
def create_workspace(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")],
    cell: Annotated[
        str | None, typer.Option(help="The cell to make it in; the one with the fewest workspaces unless given.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="The model that it begins with: twenty, the shape of Twenty's workspaces.")
    ] = None,
) -> None:
    """Make a workspace with the standard objects: companies, people, opportunities, activities."""
    work.exit_codes.run(work.workspaces.create, name=name, cell=cell, template=template)


@workspace.command("delete")
def delete_workspace(
    name: Annotated[str, typer.Argument(help="The workspace's name.")],
    yes: Yes = False,
) -> None:
    """Delete a workspace for good: its keys, its records, its model.

    Its keys are revoked first, and its tables go in portions, so that any number of them will do. A deletion that
    was interrupted continues when the command is given again.
    """
    work.exit_codes.run(work.workspaces.delete, name=name, yes=yes)


@workspace.command("distribute")
def distribute_workspace(name: Annotated[str, typer.Argument(help="The workspace's name.")]) -> None:
    """Move a workspace from the coordinator of a cluster of Citus to one of its nodes.

    Its writes wait until its records are there. `FIELDSTONE_DISTRIBUTE=citus` distributes new workspaces by itself.
    """
    work.exit_codes.run(work.places.distribute, name=name)


@workspace.command("list")
def list_workspaces(
    places: Annotated[bool, typer.Option("--places", help="With the place, MiB and load of each.")] = False,
) -> None:
    """List the workspaces by name."""
    work.exit_codes.run(work.places.show if places else work.workspaces.list_all)


@workspace.command("move")
def move_workspace(
    name: Annotated[str, typer.Argument(help="The workspace's name.")],
    to: Annotated[str | None, typer.Option("--to", help="The place: a cell, or HOST:PORT of a node of Citus.")] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Undo a move between cells that was interrupted.")] = False,
) -> None:
    """Move a workspace to another place, while it is read and written.

    A move between cells that was interrupted goes on where it was when the command is given again.
    """
    work.exit_codes.run(work.places.move, name=name, to=to, is_cancelled=cancel)


@workspace.command("rebalance")
def rebalance_workspaces() -> None:
    """Move workspaces until the places have about the same work."""
    work.exit_codes.run(work.places.rebalance)
