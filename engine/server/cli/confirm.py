"""Changes of a model from the command line: shown with their effects, and made once they are confirmed."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

import typer

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.exit_codes import DIFFERENT
from fieldstone.engine.server.cli.question import ask
from fieldstone.engine.server.foundation import Foundation
from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.changes import Change, apply
from fieldstone.metadata.changes.subjects import locate, names_of
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.writer.dry_run import Preview, try_out
from fieldstone.metadata.writer.transaction import ModelTransaction

PlanChanges = Callable[[Snapshot], Iterable[Callable[[Snapshot], Change]]]


async def _nothing(_transaction: ModelTransaction) -> None:
    """Do nothing."""


async def change_model(
    foundation: Foundation,
    workspace: Workspace,
    plan: PlanChanges,
    *,
    actor: str,
    check: bool,
    yes: bool,
    then: Callable[[ModelTransaction], Awaitable[None]] = _nothing,
    always: bool = False,
) -> int:
    """Show the planned changes of a model, make them once they are confirmed, and return their number.

    Args:
        foundation: the database.
        workspace: whose model it is.
        plan: yields the changes for a model, each built for the model that those before it make.
        actor: the name in the history.
        check: change nothing, and exit with 2 where there is anything to do.
        yes: do not ask.
        then: runs in the same transaction after the changes.
        always: whether it runs even where there are none.

    Raises:
        CommandError: the changes were not confirmed, or the model changed before they were.
        MetadataError: a change is refused.
        typer.Exit: with `check`, there is something to do.
    """
    writer = foundation.writer

    async def look(transaction: ModelTransaction) -> tuple[Snapshot, Preview]:
        snapshot = transaction.snapshot
        await transaction.connection.execute(QUERIES["idle_without_limit"])
        builds = list(plan(snapshot))
        try:
            return snapshot, await try_out(transaction, builds, refuse_loss=True)
        except InvalidChange as error:
            raise _locate(error, snapshot, builds) from None

    before, planned = await writer.run(workspace.id, look, actor=actor)
    if not planned.changes and (check or not always):
        return 0
    if not planned.changes:
        typer.echo("The model stays as it is.")
    _show(before, planned)
    if check:
        raise typer.Exit(DIFFERENT)
    if not yes and not await ask("Make these changes?"):
        raise CommandError(
            "nothing was changed: the changes were not confirmed; --yes confirms them without a question"
        )

    async def make(transaction: ModelTransaction) -> int:
        changes = planned.changes
        await transaction.connection.execute(QUERIES["idle_without_limit"])
        if transaction.snapshot.version != before.version:
            if not yes:
                raise CommandError("others changed the model meanwhile, so nothing was changed: look again")
            changes = (await look(transaction))[1].changes
        await transaction.apply_all(changes)
        await then(transaction)
        return len(changes)

    return await writer.run(workspace.id, make, actor=actor)


def _locate(error: InvalidChange, before: Snapshot, builds: Sequence[Callable[[Snapshot], Change]]) -> InvalidChange:
    """Return the refusal of one of the changes whose message begins with the part of the model that it is about."""
    if error.change is None:
        return error
    for build in builds[: error.change]:
        before = apply(before, build(before)).snapshot
    try:
        return locate(error, before, builds[error.change](before))
    except InvalidChange as unbuilt:
        # It names its part itself.
        return unbuilt


def _show(before: Snapshot, planned: Preview) -> None:
    names = {**names_of(planned.snapshot), **names_of(before)}
    for change in planned.plan["changes"]:
        told = dict(change)
        action, id_ = told.pop("action"), str(told.pop("id"))
        told.pop("objectMetadataId", None)  # the name has it
        rest = (f"{name}: {dumps(value)}" for name, value in told.items())
        typer.echo(escape("  ".join([action, names.get(id_, id_), *rest])))
    for statement in planned.plan["sql"]:
        typer.echo(escape(f"    {statement}", keep_lines=True))
    for lossy in planned.plan["conversions"]:
        if lossy["rowsLosing"]:
            examples = ", ".join(f"{dumps(one['value'])} ({one['rows']} records)" for one in lossy["examples"])
            line = f"lost in {lossy['rowsLosing']} records: {lossy['field']} to {lossy['to']}, such as {examples}"
            typer.echo(escape(line))
    for gone in planned.plan["lost"]:
        typer.echo(escape(f"lost: {gone['message']}"))
    for breaking in planned.plan["breaking"]:
        typer.echo(escape(f"breaking for clients: {breaking}"))
    for effect in planned.plan["roles"]:
        # A list of all roles that read a new field would be too long here.
        if effect["kind"] != "READABLE":
            typer.echo(escape(f"rights of roles: {effect['message']}"))
