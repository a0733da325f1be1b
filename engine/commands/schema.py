"""`fieldstone schema`: the model as a YAML file, compared with a workspace and applied to it."""

import sys
from pathlib import Path

import typer
import yaml

from engine.assembly import open_foundation
from engine.commands.failures import CommandError
from engine.config import Settings
from metadata.json_text import JsonValue
from metadata.preview import Preview, preview
from metadata.schema_file import export_model, plan_document
from metadata.transaction import ModelTransaction

_DIFFERENT = 2
_ACTOR = "fieldstone schema apply"


async def export(settings: Settings, *, workspace: str) -> None:
    """Print a workspace's model.

    Raises:
        MetadataError: there is no such workspace.
        SqlError: the database cannot be had.
    """
    async with open_foundation(settings) as foundation:
        found = await foundation.workspaces.find(workspace)
        document = export_model(await foundation.current.get(found.id))
    typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), nl=False)


async def apply_file(settings: Settings, *, workspace: str, path: Path, check: bool, yes: bool) -> None:
    """Show what makes a workspace's model what the file says, and do it once that is agreed to.

    Args:
        settings: the environment's.
        workspace: its name.
        path: the file.
        check: change nothing, and exit with 2 where there is a difference.
        yes: do not ask.

    Raises:
        CommandError: the file cannot be read, or it was not agreed to.
        MetadataError: there is no such workspace, or a change is refused.
        SqlError: the database cannot be had.
        typer.Exit: with `check`, there is a difference.
    """
    document = _read(path)
    async with open_foundation(settings) as foundation:
        found = await foundation.workspaces.find(workspace)
        writer = foundation.writer

        async def look(transaction: ModelTransaction) -> Preview:
            builds = plan_document(transaction.snapshot, document)
            return await preview(transaction.connection, transaction.snapshot, builds, trigram=transaction.trigram)

        planned = await writer.run(found.id, look, actor=_ACTOR)
        if not planned.changes:
            typer.echo(f"The model of '{workspace}' is what {path} says.")
            return
        _show(planned)
        if check:
            raise typer.Exit(_DIFFERENT)
        if not yes and not (sys.stdin.isatty() and typer.confirm("Make these changes?")):
            raise CommandError("Nothing was changed: it was not agreed to; --yes agrees without being asked")

        async def make(transaction: ModelTransaction) -> int:
            again = await look(transaction)
            for change in again.changes:
                await transaction.apply(change)
            return len(again.changes)

        count = await writer.run(found.id, make, actor=_ACTOR)
    typer.echo(f"{count} changes were made.")


def _show(planned: Preview) -> None:
    for change in planned.plan["changes"]:
        rest = ", ".join(f"{name}: {value}" for name, value in change.items() if name != "action")
        typer.echo(f"{change['action']}  {rest}")
    for statement in planned.plan["sql"]:
        typer.echo(f"    {statement}")
    for breaking in planned.plan["breaking"]:
        typer.echo(f"breaking for clients: {breaking}")


def _read(path: Path) -> JsonValue:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CommandError(f"{path} cannot be read as YAML: {error}") from None
