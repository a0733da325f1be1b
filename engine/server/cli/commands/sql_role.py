"""`fieldstone sql-role`: its commands and their options."""

from typing import Annotated

import typer

from fieldstone.engine.server import cli as work
from fieldstone.engine.server.cli.commands.options import Workspace

sql_role = typer.Typer(no_args_is_help=True, help="Make, list and drop the logins that read records with SQL.")

Name = Annotated[str, typer.Argument(help="The login's name: lower-case letters, digits and underscores.")]


@sql_role.command("create")
def create_sql_role(
    name: Name,
    workspace: Workspace = "default",
    role: Annotated[str, typer.Option(help="The workspace's role whose rights it has.")] = "viewer",
    claims: Annotated[
        str | None, typer.Option(help="The values that the rules of its role name, as a JSON object.")
    ] = None,
    snake_case: Annotated[
        bool, typer.Option("--snake-case", help="Call columns `first_name` instead of `firstName`.")
    ] = False,
    connections: Annotated[int, typer.Option(help="The most connections at a time.", min=1, max=1_000)] = 10,
    statement_timeout: Annotated[
        int, typer.Option(help="Seconds that a statement may take, unless its session sets another time.", min=1)
    ] = 60,
) -> None:
    """Make a login of the database that reads views of the records, and print its password, alone on the last line.

    Its schema has a view for each object, under today's names, with the records and fields that the role reads. Each
    change of the model changes the views with it. The password is shown this once. Works beside a running server.
    """
    work.exit_codes.run(
        work.sql_roles.create,
        workspace=workspace,
        name=name,
        role=role,
        claims=claims,
        snake_case=snake_case,
        connections=connections,
        statement_seconds=statement_timeout,
    )


@sql_role.command("list")
def list_sql_roles(workspace: Workspace = "default") -> None:
    """List a workspace's SQL roles: name, role, schema."""
    work.exit_codes.run(work.sql_roles.list_all, workspace=workspace)


@sql_role.command("password")
def set_sql_role_password(name: Name, workspace: Workspace = "default") -> None:
    """Give a login another password and print it, alone on the last line."""
    work.exit_codes.run(work.sql_roles.set_password, workspace=workspace, name=name)


@sql_role.command("drop")
def drop_sql_role(name: Name, workspace: Workspace = "default") -> None:
    """Drop a login, and its views if no other one reads them; open sessions can read nothing more."""
    work.exit_codes.run(work.sql_roles.drop, workspace=workspace, name=name)
