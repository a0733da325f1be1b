"""`fieldstone schema`: its commands and their options."""

from typing import Annotated

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.options import ModelFile, Prune, Workspace, Yes

schema = typer.Typer(no_args_is_help=True, help="Keep a workspace's model as a YAML file in version control.")


@schema.command("export")
def export_schema(workspace: Workspace = "default") -> None:
    """Print the model as YAML."""
    work.exit_codes.run(work.schema.export, workspace=workspace)


@schema.command("diff")
def diff_schema(
    path: ModelFile,
    workspace: Workspace = "default",
    prune: Prune = False,
) -> None:
    """Show the changes that `apply` would make, with their SQL; exits with 2 where there is a difference."""
    work.exit_codes.run(work.schema.apply_file, workspace=workspace, path=path, check=True, prune=prune)


@schema.command("apply")
def apply_schema(
    path: ModelFile,
    workspace: Workspace = "default",
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 2 where there is more to do.")
    ] = False,
    yes: Yes = False,
    prune: Prune = False,
) -> None:
    """Make the model as the file has it, having shown the changes; all of them or none.

    Parts that the file does not have stay, unless `--prune` is given. A part with another name in the file is renamed
    where it says `renamedFrom`. Safe to repeat.
    """
    work.exit_codes.run(work.schema.apply_file, workspace=workspace, path=path, check=check, yes=yes, prune=prune)


@schema.command("import")
def import_tables(
    name: Annotated[str, typer.Argument(metavar="SCHEMA", help="A schema of PostgreSQL, such as `public`.")],
    source: Annotated[
        str | None,
        typer.Option("--from", help="The address of its database; that of the workspace unless given."),
    ] = None,
    workspace: Workspace = "default",
    only: Annotated[
        list[str] | None,
        typer.Option(help="A table to import, or a column as `table.column`; may be given several times."),
    ] = None,
    skip: Annotated[
        list[str] | None,
        typer.Option(help="A table to leave out, or a column as `table.column`; may be given several times."),
    ] = None,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Make fields of keys that only count the rows, too.")
    ] = False,
    with_rows: Annotated[bool, typer.Option("--with-rows", help="Copy the rows too.")] = False,
    as_file: Annotated[
        bool, typer.Option("--print", help="Print the objects as a model file, and change nothing.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 2 where the model would change.")
    ] = False,
    yes: Yes = False,
) -> None:
    """Make objects, fields and relations of the tables, columns and foreign keys of a schema.

    Tables and columns that cannot be taken over are named first. The tables stay as they are: with `--with-rows` their
    rows are copied, in the same transaction; the ids of the records are made of the primary keys, unless these are
    UUIDs. Safe to repeat: an import finds the objects of an earlier one, and adds new tables, columns and rows.
    """
    work.exit_codes.run(
        work.import_schema.import_schema,
        schema=name,
        dsn=source,
        workspace=workspace,
        only=only or (),
        skip=skip or (),
        with_keys=with_keys,
        with_rows=with_rows,
        as_file=as_file,
        check=check,
        yes=yes,
    )
