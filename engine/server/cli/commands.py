"""The command line: commands, options and their help."""

from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from fieldstone.engine.server.cli import api_keys, documents, roles, schema, secrets, workspaces
from fieldstone.engine.server.cli.doctor import doctor as examine
from fieldstone.engine.server.cli.exit_codes import run
from fieldstone.engine.server.cli.import_schema import import_schema
from fieldstone.engine.server.cli.migrate import migrate as migrate_catalog
from fieldstone.engine.server.cli.serving.serve import serve as serve_app
from fieldstone.metadata.workspaces.api_keys import LONGEST_OVERLAP

cli = typer.Typer(
    name="fieldstone",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help=(
        "A dynamic schema engine: metadata rows become a GraphQL API over PostgreSQL while the server runs.\n\n"
        "Start with `fieldstone serve --demo`, which needs nothing else: without DATABASE_URL it brings its own"
        " PostgreSQL. Then make a key with `fieldstone api-key create --name NAME` and send it as"
        " `Authorization: Bearer KEY`.\n\n"
        "All other settings are environment variables; docs/reference/configuration.md lists them."
    ),
    epilog="Exit codes: 0 done, 1 it could not be done (one sentence says why), 2 the command line is wrong,"
    " or a comparison has found a difference, 130 Ctrl+C ended it.",
)
_api_key = typer.Typer(no_args_is_help=True, help="Make, list, rotate and revoke the keys that clients send.")
_workspace = typer.Typer(
    no_args_is_help=True, help="Make, list and delete workspaces, each with its own model and records."
)
_documents = typer.Typer(
    no_args_is_help=True, help="Import, list and remove the documents that `FIELDSTONE_DOCUMENTS=trusted` answers."
)
_role = typer.Typer(no_args_is_help=True, help="List and show the roles that keys, users and webhooks have.")
_schema = typer.Typer(no_args_is_help=True, help="Keep a workspace's model as a YAML file in version control.")
_secrets = typer.Typer(no_args_is_help=True, help="Keep the secrets in the database encrypted.")
cli.add_typer(_api_key, name="api-key")
cli.add_typer(_documents, name="documents")
cli.add_typer(_role, name="role")
cli.add_typer(_schema, name="schema")
cli.add_typer(_secrets, name="secrets")
cli.add_typer(_workspace, name="workspace")

_Workspace = Annotated[str, typer.Option("--workspace", help="The workspace's name.")]
_File = Annotated[Path, typer.Argument(help="A file such as `fieldstone schema export` writes.")]
_Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
_Prune = Annotated[
    bool,
    typer.Option("--prune", help="Delete objects, fields and indexes that the file does not have, with their records."),
]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(version("fieldstone"))
        raise typer.Exit


@cli.callback()
def _root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


@cli.command()
def serve(
    port: Annotated[
        int | None, typer.Option(help="The port to listen on; 0 takes a free one.  [FIELDSTONE_PORT, 3000]")
    ] = None,
    host: Annotated[str | None, typer.Option(help="The address to listen on.  [FIELDSTONE_HOST, 127.0.0.1]")] = None,
    demo: Annotated[
        bool, typer.Option("--demo", help="Fill the workspace `default` with sample data, if it is empty.")
    ] = False,
) -> None:
    """Serve the APIs until SIGTERM or Ctrl+C.

    Waits for the database, brings its catalog up to date, then answers at `/graphql` (records) and `/metadata`
    (objects and fields). With `FIELDSTONE_ENV=development` both show GraphiQL in a browser, and a key for this start
    is printed in a line to paste.
    """
    given: dict[str, Any] = {"port": port, "host": host}
    run(
        lambda settings: serve_app(settings, demo=demo),
        **{name: value for name, value in given.items() if value is not None},
    )


@cli.command()
def migrate() -> None:
    """Bring the database's catalog up to date, and do nothing else.

    Safe to repeat, and to run several times at once. A catalog newer than this program is refused.
    """
    run(migrate_catalog)


@cli.command()
def doctor(
    rewrite: Annotated[
        bool,
        typer.Option(
            "--rewrite", help="First rewrite tables that dropped columns bring near PostgreSQL's limit of 1,600."
        ),
    ] = False,
    object_name: Annotated[
        str | None, typer.Option("--object", help="With --rewrite: the object whose table is rewritten in any case.")
    ] = None,
) -> None:
    """Compare each workspace's tables with its model, and name the differences with the SQL that repairs them.

    Exits with 2 where anything differs. Changes nothing but with `--rewrite`: a table that has dropped at least 100
    columns, or is short of room for the sake of any, is replaced by a new one in one transaction, under the same names;
    it says which tables nobody can use meanwhile.
    """
    run(lambda settings: examine(settings, rewrite=rewrite, object_name=object_name))


@_api_key.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="The purpose of the key; shown in lists and logs.")],
    workspace: _Workspace = "default",
    expires_at: Annotated[
        datetime | None, typer.Option(help="When it stops working, in UTC; never unless given.")
    ] = None,
    network: Annotated[
        list[str] | None, typer.Option(help="A network that it may be used from; may be given several times.")
    ] = None,
    role: Annotated[str, typer.Option(help="The name of its role, as `fieldstone role list` shows it.")] = "admin",
    claims: Annotated[
        str | None, typer.Option(help="The values that the rules of its role name, as a JSON object.")
    ] = None,
) -> None:
    """Make a key and print it, alone on the last line.

    It is shown this once: only its hash is kept. Works beside a running server.
    """
    run(
        lambda settings: api_keys.create(
            settings,
            workspace=workspace,
            name=name,
            expires_at=expires_at,
            networks=network or (),
            role=role,
            claims=claims,
        )
    )


@_api_key.command("list")
def list_keys(workspace: _Workspace = "default") -> None:
    """List a workspace's keys: id, state, role, name."""
    run(lambda settings: api_keys.list_all(settings, workspace=workspace))


@_api_key.command("rotate")
def rotate_key(
    key_id: Annotated[UUID, typer.Argument(help="The key's id, as `fieldstone api-key list` shows it.")],
    workspace: _Workspace = "default",
    overlap: Annotated[
        int, typer.Option(help="Seconds for which the token that it has is valid too.", min=0, max=LONGEST_OVERLAP)
    ] = 0,
) -> None:
    """Give a key another token and print it, alone on the last line."""
    run(lambda settings: api_keys.rotate(settings, workspace=workspace, key_id=key_id, overlap_seconds=overlap))


@_api_key.command("revoke")
def revoke_key(
    key_id: Annotated[UUID, typer.Argument(help="The key's id, as `fieldstone api-key list` shows it.")],
    workspace: _Workspace = "default",
    with_made: Annotated[
        bool, typer.Option("--with-made", help="Revoke the keys that it has made too, and those that they have made.")
    ] = False,
) -> None:
    """Revoke a key for good; running servers refuse it within a second."""
    run(lambda settings: api_keys.revoke(settings, workspace=workspace, key_id=key_id, with_made=with_made))


@_role.command("list")
def list_roles(workspace: _Workspace = "default") -> None:
    """List a workspace's roles: name, label, settings."""
    run(lambda settings: roles.list_all(settings, workspace=workspace))


@_role.command("show")
def show_role(
    name: Annotated[str, typer.Argument(help="The role's name.")],
    workspace: _Workspace = "default",
) -> None:
    """Show a role as YAML, with the present names of objects and fields."""
    run(lambda settings: roles.show(settings, workspace=workspace, name=name))


@_documents.command("import")
def import_documents(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="A manifest of Apollo (`persisted-query-manifest.json`), Relay (`persisted_queries.json`) or"
            " graphql-codegen (`persisted-documents.json`).",
        ),
    ],
    workspace: _Workspace = "default",
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
    run(
        lambda settings: documents.import_manifest(
            settings, workspace=workspace, client=client, path=path, role=role, replaces=replace
        )
    )


@_documents.command("list")
def list_documents(
    workspace: _Workspace = "default",
    client: Annotated[str | None, typer.Option(help="The client; all of them unless given.")] = None,
) -> None:
    """List a workspace's trusted documents: client, id, operation."""
    run(lambda settings: documents.list_all(settings, workspace=workspace, client=client))


@_documents.command("remove")
def remove_documents(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="The documents' ids; all of the client if none.")
    ] = None,
    workspace: _Workspace = "default",
    client: Annotated[str, typer.Option(help="The name of the client.")] = "default",
) -> None:
    """Remove trusted documents of a client; running servers refuse them within a second."""
    run(lambda settings: documents.remove(settings, workspace=workspace, client=client, ids=ids or []))


@_schema.command("export")
def export_schema(workspace: _Workspace = "default") -> None:
    """Print the model as YAML."""
    run(lambda settings: schema.export(settings, workspace=workspace))


@_schema.command("diff")
def diff_schema(
    path: _File,
    workspace: _Workspace = "default",
    prune: _Prune = False,
) -> None:
    """Show the changes that `apply` would make, with their SQL; exits with 2 where there is a difference."""
    run(lambda settings: schema.apply_file(settings, workspace=workspace, path=path, check=True, prune=prune))


@_schema.command("apply")
def apply_schema(
    path: _File,
    workspace: _Workspace = "default",
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 2 where there is more to do.")
    ] = False,
    yes: _Yes = False,
    prune: _Prune = False,
) -> None:
    """Make the model as the file has it, having shown the changes; all of them or none.

    Parts that the file does not have stay, unless `--prune` is given. A part with another name in the file is renamed
    where it says `renamedFrom`. Safe to repeat.
    """
    run(lambda settings: schema.apply_file(settings, workspace=workspace, path=path, check=check, yes=yes, prune=prune))


@_schema.command("import")
def import_tables(
    name: Annotated[str, typer.Argument(metavar="SCHEMA", help="A schema of PostgreSQL, such as `public`.")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="The address of its database; that of the workspace unless given."),
    ] = None,
    workspace: _Workspace = "default",
    with_rows: Annotated[bool, typer.Option("--with-rows", help="Copy the rows too.")] = False,
    as_file: Annotated[
        bool, typer.Option("--print", help="Print the objects as a model file, and change nothing.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 2 where the model would change.")
    ] = False,
    yes: _Yes = False,
) -> None:
    """Make objects, fields and relations of the tables, columns and foreign keys of a schema.

    Tables and columns that cannot be taken over are named first. The tables stay as they are: with `--with-rows` their
    rows are copied, in the same transaction; the ids of the records are made of the primary keys, unless these are
    UUIDs. Safe to repeat: an import finds the objects of an earlier one, and adds new tables, columns and rows.
    """
    run(
        lambda settings: import_schema(
            settings,
            schema=name,
            dsn=source,
            workspace=workspace,
            with_rows=with_rows,
            as_file=as_file,
            check=check,
            yes=yes,
        )
    )


@_workspace.command("create")
def create_workspace(name: Annotated[str, typer.Argument(help="Lower-case letters, digits and hyphens.")]) -> None:
    """Make a workspace with the standard objects: companies, people, opportunities, activities."""
    run(lambda settings: workspaces.create(settings, name=name))


@_workspace.command("delete")
def delete_workspace(
    name: Annotated[str, typer.Argument(help="The workspace's name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete a workspace for good: its keys, its records, its model.

    Its keys are revoked first, and its tables go in portions, so that any number of them will do. A deletion that
    was interrupted continues when the command is given again.
    """
    run(lambda settings: workspaces.delete(settings, name=name, yes=yes))


@_workspace.command("list")
def list_workspaces() -> None:
    """List the workspaces by name."""
    run(workspaces.list_all)


@_secrets.command("rotate")
def rotate_secrets() -> None:
    """Encrypt all secrets in the database under the first key of `FIELDSTONE_SECRET_KEY`.

    Plain secrets are encrypted, and those under a later key of the list again; then the later keys may go. Safe to
    repeat, and while servers run that have all keys of the list.
    """
    run(secrets.rotate)
