"""`fieldstone documents`: its commands and their options."""

from pathlib import Path
from typing import Annotated

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.options import Workspace

documents = typer.Typer(
    no_args_is_help=True, help="Import, list and remove the documents that `FIELDSTONE_DOCUMENTS=trusted` answers."
)


@documents.command("import")
def import_documents(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A manifest of Apollo (`persisted-query-manifest.json`), Relay (`persisted_queries.json`) or"
            " graphql-codegen (`persisted-documents.json`).",
        ),
    ],
    workspace: Workspace = "default",
    client: Annotated[str, typer.Option(help="The name of the client that sends them.")] = "default",
    role: Annotated[
        str | None,
        typer.Option(help="The role of the client's users, as which changes of the model are held against them."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Remove the client's documents that the file does not have.")
    ] = False,
) -> None:
    """Import the documents of a client; running servers answer them within a second.

    Without `--replace` the documents of the client's older versions stay. Documents that do not fit the model are
    named. Safe to repeat.
    """
    work.exit_codes.run(
        work.documents.import_manifest, workspace=workspace, client=client, path=path, role=role, replaces=replace
    )


@documents.command("list")
def list_documents(
    workspace: Workspace = "default",
    client: Annotated[str | None, typer.Option(help="The client; all of them unless given.")] = None,
) -> None:
    """List a workspace's trusted documents: client, id, operation."""
    work.exit_codes.run(work.documents.list_all, workspace=workspace, client=client)


@documents.command("remove")
def remove_documents(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="The documents' ids; all of the client if none.")
    ] = None,
    workspace: Workspace = "default",
    client: Annotated[str, typer.Option(help="The name of the client.")] = "default",
) -> None:
    """Remove trusted documents of a client; running servers refuse them within a second."""
    work.exit_codes.run(work.documents.remove, workspace=workspace, client=client, ids=ids or [])
