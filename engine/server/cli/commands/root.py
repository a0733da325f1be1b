"""The command `fieldstone`: its options, its single commands, and the groups of the others.

The work of a command is imported when the command runs, so that help, the version and completion need none of it.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.api_key import api_key
from fieldstone.engine.server.cli.commands.documents import documents
from fieldstone.engine.server.cli.commands.role import role
from fieldstone.engine.server.cli.commands.schema import schema
from fieldstone.engine.server.cli.commands.secrets import secrets
from fieldstone.engine.server.cli.commands.sql_role import sql_role
from fieldstone.engine.server.cli.commands.transfers import export, import_
from fieldstone.engine.server.cli.commands.workspace import workspace

cli = typer.Typer(
    name="fieldstone",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
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
cli.add_typer(api_key, name="api-key")
cli.add_typer(documents, name="documents")
cli.add_typer(role, name="role")
cli.add_typer(schema, name="schema")
cli.add_typer(secrets, name="secrets")
cli.add_typer(sql_role, name="sql-role")
cli.add_typer(workspace, name="workspace")


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - help and completion show no version

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
    workers: Annotated[
        str | None,
        typer.Option(help="Processes that serve on the port; `auto` is one for each core.  [FIELDSTONE_WORKERS, 1]"),
    ] = None,
    preload: Annotated[
        bool,
        typer.Option(
            "--preload",
            help="Fork workers that share the memory of their imports; a reload then keeps the code of the start.",
        ),
    ] = False,
    env_file: Annotated[
        str | None,
        typer.Option(help="A file with settings, a line NAME=VALUE each, that the environment does not have."),
    ] = None,
) -> None:
    """Serve the APIs until SIGTERM or Ctrl+C.

    Waits for the database, brings its catalog up to date, then answers at `/graphql` (records) and `/metadata`
    (objects and fields). With `FIELDSTONE_ENV=development` both show GraphiQL in a browser, and a key for this start
    is printed in a line to paste. With several workers, SIGHUP replaces them by such of the code and the settings of
    the moment.
    """
    given: dict[str, Any] = {"port": port, "host": host, "workers": workers}
    given = {name: value for name, value in given.items() if value is not None}
    work.start.start(given, demo=demo, preload=preload, env_file=env_file)


@cli.command()
def migrate() -> None:
    """Bring the database's catalog up to date, and do nothing else.

    Safe to repeat, and to run several times at once. A catalog newer than this program is refused.
    """
    work.exit_codes.run_server(work.migrate.migrate, has_log=False)


cli.command()(export)
cli.command("import")(import_)


@cli.command()
def backup(
    path: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The file to write, which must not be there yet; `-` is standard output."),
    ],
    workspace: Annotated[str | None, typer.Option(help="The only workspace to save; all of them unless given.")] = None,
    cell: Annotated[str | None, typer.Option(help="The cell, where FIELDSTONE_CELLS has several.")] = None,
) -> None:
    """Write the database, or one workspace, to one compressed file, while servers run.

    Everything is of one moment: records, models with their history, roles, keys as hashes, webhooks, events. Secrets
    stay encrypted under `FIELDSTONE_SECRET_KEY`, which is not in the file. The file appears complete or not at all.
    """
    work.exit_codes.run(work.backups.back_up, path=path, workspace=workspace, cell=cell)


@cli.command()
def restore(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `fieldstone backup` has written.")],
    workspace: Annotated[
        str | None, typer.Option(help="The only workspace of the backup to restore, beside those that are there.")
    ] = None,
    name: Annotated[str | None, typer.Option("--as", help="Another name for the restored workspace.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read the file and compare its checksums, and restore nothing.")
    ] = False,
    cell: Annotated[str | None, typer.Option(help="The cell, where FIELDSTONE_CELLS has several.")] = None,
) -> None:
    """Restore a backup into an empty database, or one workspace beside others, in one transaction.

    Nothing is overwritten, and a restoration that is interrupted leaves nothing behind. The catalog is then brought up
    to date.
    """
    work.exit_codes.run(work.backups.restore, path=path, workspace=workspace, name=name, check=check, cell=cell)


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
    views: Annotated[bool, typer.Option("--views", help="First make views of SQL roles again that differ.")] = False,
) -> None:
    """Compare each workspace's tables and views with its model; name the differences with the SQL that repairs them.

    Exits with 2 where anything differs. Changes nothing but with `--views` and `--rewrite`: a table that has dropped at
    least 100 columns, or is short of room for the sake of any, is replaced by a new one in one transaction, under the
    same names; it says which tables nobody can use meanwhile.
    """
    work.exit_codes.run(work.doctor.doctor, rewrite=rewrite, object_name=object_name, views=views)


@cli.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for scripts.")] = False,
    cell: Annotated[str | None, typer.Option(help="The cell, where FIELDSTONE_CELLS has several.")] = None,
) -> None:
    """Show workspaces, migrations, processes, connections, the lag of events, and builds; change nothing.

    Exits with 2 where migrations are missing, the catalog is not for this program, or a build has failed.
    """
    work.exit_codes.run(work.status.status, as_json=as_json, cell=cell)
