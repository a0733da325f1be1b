"""Changes of a model from the command line: shown with what they mean, and made once that is agreed to."""

import sys
from collections.abc import Awaitable, Callable, Iterable

import typer

from engine.commands.failures import CommandError
from engine.services import Foundation
from metadata.changes import Change
from metadata.model import Snapshot, Workspace
from metadata.preview import Preview, try_out
from metadata.transaction import ModelTransaction

DIFFERENT = 2
"""The exit code of a comparison that has found something."""

Plan = Callable[[Snapshot], Iterable[Callable[[Snapshot], Change]]]


async def _nothing(_transaction: ModelTransaction) -> None:
    """Do nothing."""


async def change_model(
    foundation: Foundation,
    workspace: Workspace,
    plan: Plan,
    *,
    actor: str,
    check: bool,
    yes: bool,
    then: Callable[[ModelTransaction], Awaitable[None]] = _nothing,
    always: bool = False,
) -> int:
    """Show what makes a model what it is to be, do it once that is agreed to, and return the number of changes.

    Args:
        foundation: the database.
        workspace: whose model it is.
        plan: yields the changes for a model, each built for the model that those before it make.
        actor: who is named in the history.
        check: change nothing, and exit with 2 where there is anything to do.
        yes: do not ask.
        then: what is done in the same transaction after the changes.
        always: whether that is done even where there are none.

    Raises:
        CommandError: it was not agreed to, or others changed the model while people thought it over.
        MetadataError: a change is refused.
        SqlError: the database cannot be had.
        typer.Exit: with `check`, there is something to do.
    """
    writer = foundation.writer

    async def look(transaction: ModelTransaction) -> tuple[int, Preview]:
        snapshot = transaction.snapshot
        return snapshot.version, await try_out(transaction, plan(snapshot), refuse_loss=True)

    version, planned = await writer.run(workspace.id, look, actor=actor)
    if not planned.changes and (check or not always):
        return 0
    if not planned.changes:
        typer.echo("The model stays as it is.")
    _show(planned)
    if check:
        raise typer.Exit(DIFFERENT)
    if not yes and not (sys.stdin.isatty() and typer.confirm("Make these changes?")):
        raise CommandError("Nothing was changed: it was not agreed to; --yes agrees without being asked")

    async def make(transaction: ModelTransaction) -> int:
        changes = planned.changes
        if transaction.snapshot.version != version:
            if not yes:
                raise CommandError("Others changed the model meanwhile, so nothing was changed: look again")
            changes = (await look(transaction))[1].changes
        for change in changes:
            await transaction.apply(change)
        await then(transaction)
        return len(changes)

    return await writer.run(workspace.id, make, actor=actor)


def _show(planned: Preview) -> None:
    for change in planned.plan["changes"]:
        rest = ", ".join(f"{name}: {value}" for name, value in change.items() if name != "action")
        typer.echo(f"{change['action']}  {rest}")
    for statement in planned.plan["sql"]:
        typer.echo(f"    {statement}")
    for breaking in planned.plan["breaking"]:
        typer.echo(f"breaking for clients: {breaking}")
