"""`fieldstone schema`: the model as a YAML file, compared with a workspace and applied to it."""

from pathlib import Path

import typer

from fieldstone.engine.server.cells.workspaces import open_foundation_of
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.confirm import change_model
from fieldstone.engine.settings import Settings
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.schema_file import export_model, plan_document
from fieldstone.metadata.schema_file.text import read_document, write_document

_ACTOR = "fieldstone schema apply"


async def export(settings: Settings, *, workspace: str) -> None:
    """Print a workspace's model."""
    async with open_foundation_of(settings, workspace, only_reads=True) as foundation:
        found = await foundation.workspaces.find(workspace)
        document = export_model(await foundation.current.get(found.id))
    typer.echo(write_document(document), nl=False)


async def apply_file(
    settings: Settings, *, workspace: str, path: Path, check: bool = False, yes: bool = False, prune: bool = False
) -> None:
    """Show the changes from a workspace's model to that of a file, and make them once they are confirmed.

    Args:
        settings: the environment's.
        workspace: its name.
        path: the file.
        check: change nothing, and exit with 2 where there is a difference.
        yes: do not ask.
        prune: delete objects, fields and indexes that the file does not have.

    Raises:
        CommandError: the file cannot be read, or the changes were not confirmed.
        MetadataError: there is no such workspace, or a change is refused.
        typer.Exit: with `check`, there is a difference.
    """
    document = _read(path)
    async with open_foundation_of(settings, workspace, only_reads=check) as foundation:
        count = await change_model(
            foundation,
            await foundation.workspaces.find(workspace),
            lambda snapshot: plan_document(snapshot, document, prune=prune),
            actor=_ACTOR,
            check=check,
            yes=yes,
        )
    typer.echo(f"Changes made: {count}." if count else f"The model of '{workspace}' is as {path} says.")


def _read(path: Path) -> JsonValue:
    try:
        return read_document(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
    except InvalidChange as error:
        raise CommandError(f"{path}: {error.message}") from None
