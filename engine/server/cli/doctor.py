"""`fieldstone doctor`: compares tables and views with models, names unused indexes, and rewrites tables."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC
from functools import partial
from uuid import UUID

import typer

from fieldstone.engine.planner.access.view_rules import compile_view_rules
from fieldstone.engine.server.cells.fleet import Away, ask_cells
from fieldstone.engine.server.cells.settings import by_cell
from fieldstone.engine.server.cells.workspaces import require_apart
from fieldstone.engine.server.cli.command_error import CommandError, DifferenceFound
from fieldstone.engine.server.cli.placement.unfinished import report_unfinished
from fieldstone.engine.server.foundation import Foundation, open_foundation, user_of
from fieldstone.engine.settings import Settings
from fieldstone.engine.settings.cells import Cell
from fieldstone.metadata.catalog.logins import CATALOG
from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.changes.plan import MAXIMUM_COLUMNS
from fieldstone.metadata.doctor.catalog import find_catalog_drift
from fieldstone.metadata.doctor.compared import Drift
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.doctor.privileges import find_privilege_drift
from fieldstone.metadata.doctor.rewrite import ColumnUsage, find_room, locked_tables, rewrite_table
from fieldstone.metadata.doctor.table_state import find_state_drift
from fieldstone.metadata.doctor.unused import find_unused
from fieldstone.metadata.doctor.views import find_view_drift, repair_views
from fieldstone.metadata.errors import CatalogMismatch, CatalogTooOld
from fieldstone.metadata.model import Snapshot, Workspace
from fieldstone.metadata.shown_text import escape
from fieldstone.metadata.workspaces.registry import SCHEMA_PREFIX
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.errors import ReadOnlyServer, SqlError, WritesRefused

Report = Callable[[str], None]
"""Takes a line of the output."""
Examined = tuple[Sequence[Workspace], int]
"""The workspaces in one database, and the number of the differences that were reported."""
Examine = Callable[[Settings, Report], Awaitable[Examined]]

_ACTOR = "fieldstone doctor"
_MEBIBYTE = 1 << 20
_UNUSED = (
    "{workspace}: No statement has used the index {index} ({method} of {fields}, {size:.1f} MiB) since"
    " {since:%Y-%m-%d %H:%M} UTC, and {writes:,} writes have kept it."
)
_GIVE_UP = "    to give it up: "
_DELETE = 'mutation {{ deleteIndex(id: "{id}") {{ name }} }}'
_SKIP = 'mutation {{ updateField(id: "{id}", input: {{ settings: {{ skipLabelIndex: true }} }}) {{ name }} }}'
_REPLICAS = (
    "Each replica of FIELDSTONE_REPLICA_URLS counts its own statements: ask pg_stat_user_indexes there, too, before you"
    " give up an index."
)
_ONE_LOGIN = (
    "Not guarded: the user of {served} serves and owns the tables, so that it could drop them and change the audit"
    " log. {owned} gives the tables another owner."
)


async def doctor(
    settings: Settings, *, rewrite: bool = False, object_name: str | None = None, views: bool = False
) -> None:
    """Print the differences of the tables and views of each workspace from its model, each with its repair.

    Args:
        settings: the environment's.
        views: first make the views of SQL roles again that differ.
        rewrite: first rewrite the tables that dropped columns bring near the limit.
        object_name: rewrite the tables of objects of this name in any case.

    Raises:
        CommandError: there is no such object.
        DifferenceFound: there is a difference, or migrations are missing, or a cell cannot be examined; the others are.
        MetadataError: the catalog is not for this program, a table cannot be rewritten, or two cells are one database.
    """
    if object_name is not None and not rewrite:
        raise CommandError("--object names a table to be rewritten, and needs --rewrite")
    # Each workspace would be in several cells, and the repair of that deletes it in one of them.
    await require_apart(settings)
    examine = partial(_examine_all, rewrite=rewrite, object_name=object_name, views=views)
    problems: list[str] = []
    if settings.cells and (rewrite or views):
        found = await _change_cells(settings, examine, problems)
    elif settings.cells:
        found = await _examine_cells(settings, examine, problems)
    else:
        try:
            found = {"": await examine(settings, typer.echo)}
        except CatalogTooOld as error:
            raise DifferenceFound(error.message) from error
    counts = sum(count for _, count in found.values())
    cells_of = defaultdict[UUID, list[tuple[str, str]]](list)
    for name, (workspaces, _) in found.items():
        for workspace in workspaces:
            cells_of[workspace.id].append((name, workspace.name))
    counts += _report_twice(cells_of)
    if counts:
        problems.append(f"{counts} {'difference' if counts == 1 else 'differences'} from the models")
    if still := await report_unfinished(settings, away={cell.name for cell in settings.cells} - found.keys()):
        problems.append(f"{still} {'move stands' if still == 1 else 'moves stand'} still")
    if problems:
        raise DifferenceFound("; ".join(problems))
    typer.echo(f"The catalog and the tables agree. Workspaces: {len(cells_of)}.")
    if settings.main_database_url is not None and settings.owner_database_url is None and not settings.cell_owner_urls:
        served = "FIELDSTONE_CELLS" if settings.cells else "DATABASE_URL"
        owned = "FIELDSTONE_CELL_OWNER_URLS" if settings.cells else "FIELDSTONE_OWNER_DATABASE_URL"
        typer.echo(_ONE_LOGIN.format(served=served, owned=owned), err=True)


async def _examine_cells(settings: Settings, examine: Examine, problems: list[str]) -> Mapping[str, Examined]:
    """Print the findings of each cell, in order, and return those that were examined; the others are `problems`."""

    async def ask(_cell: Cell, few: Settings) -> tuple[Examined, list[str]]:
        lines: list[str] = []
        return await examine(few, lines.append), lines

    found = {}
    for cell, answer in zip(settings.cells, await ask_cells(settings, ask), strict=True):
        typer.echo(f"The cell {cell.name}:")
        if isinstance(answer, Away):
            problems.append(f"the cell {cell.name} cannot be examined: {answer.reason}")
            continue
        found[cell.name], lines = answer
        for line in lines:
            typer.echo(line)
    return found


async def _change_cells(settings: Settings, examine: Examine, problems: list[str]) -> Mapping[str, Examined]:
    """Do as `_examine_cells` does in one cell after another, so that the tables of one at most are locked.

    Raises:
        MetadataError: a table cannot be rewritten.
    """
    found = {}
    for name, database in by_cell(settings):
        typer.echo(f"The cell {name}:")
        try:
            found[name] = await examine(database, typer.echo)
        except (SqlError, CatalogMismatch) as error:
            problems.append(f"the cell {name} cannot be examined: {error}")
        except CommandError as error:
            problems.append(f"in the cell {name} {error}")
    return found


def _report_twice(cells_of: Mapping[UUID, Sequence[tuple[str, str]]]) -> int:
    """Print the workspaces that several cells have, and return their number.

    Args:
        cells_of: the cells of each workspace by its id, each with the workspace's name there.
    """
    several = [places for places in cells_of.values() if len(places) > 1]
    for places in several:
        told = " and ".join(f'the cell {cell} as "{name}"' for cell, name in places)
        typer.echo(escape(f"One workspace is in several cells: {told}."))
        typer.echo(
            "    repair: without FIELDSTONE_CELLS, DATABASE_URL=(the cell with the older records) fieldstone workspace"
            " delete NAME"
        )
    return len(several)


async def _examine_all(
    settings: Settings, report: Report, *, rewrite: bool, object_name: str | None, views: bool
) -> Examined:
    """Return the workspaces in one database, and the number of the differences that were reported."""
    count = unused = 0
    async with open_foundation(settings, only_reads=not (rewrite or views)) as foundation:
        workspaces = await foundation.workspaces.list()
        if object_name is not None:
            await _require_object(foundation, workspaces, object_name)
        for workspace in workspaces:
            snapshot = await foundation.current.get(workspace.id)
            if rewrite:
                snapshot = await _rewrite(settings, foundation, snapshot, object_name)
            if views:
                await _renew_views(foundation, snapshot)
            count += await _examine(foundation, workspace, snapshot, report)
            unused += await _report_unused(foundation, snapshot, report)
        count += await _examine_catalog(foundation, report)
        count += await _find_orphans(foundation, report)
    if unused and settings.replica_urls:
        report(_REPLICAS)
    return workspaces, count


async def _require_object(foundation: Foundation, workspaces: tuple[Workspace, ...], name: str) -> None:
    """Raise CommandError if no workspace has an object of this name."""
    for workspace in workspaces:
        model = await foundation.current.get(workspace.id)
        if any(object_.name_singular == name for object_ in model.objects.values()):
            return
    raise CommandError(f'no workspace has an object "{name}"')


async def _rewrite(settings: Settings, foundation: Foundation, snapshot: Snapshot, object_name: str | None) -> Snapshot:
    name = snapshot.workspace.name
    for room in await _rooms(foundation, snapshot):
        object_ = room.object_
        if not (room.is_short if object_name is None else room.dropped and object_.name_singular == object_name):
            continue
        locked = ", ".join(table.name for table in locked_tables(snapshot, object_))
        typer.echo(f"{name}: rewriting {object_.table.name}; {locked} cannot be used meanwhile (ACCESS EXCLUSIVE)")

        async def body(transaction: ModelTransaction, room: ColumnUsage = room) -> None:
            latest = transaction.snapshot.objects.get(room.object_.id)
            if latest is not None:
                await rewrite_table(transaction, latest, largest=settings.max_rewrite_bytes)

        await foundation.writer.run(snapshot.workspace.id, body, actor=_ACTOR)
        typer.echo(f"{name}: {object_.table.name} has room for {room.dropped} more columns")
    return await foundation.current.get(snapshot.workspace.id)


async def _renew_views(foundation: Foundation, snapshot: Snapshot) -> None:
    last = None
    # Some at a time, for as long as their number falls.
    while count := await foundation.writer.run(snapshot.workspace.id, repair_views, actor=_ACTOR):
        if last is not None and count >= last:
            return
        typer.echo(f"{snapshot.workspace.name}: {count} {'view differs' if count == 1 else 'views differ'}")
        last = count


async def _examine(foundation: Foundation, workspace: Workspace, snapshot: Snapshot, report: Report) -> int:
    try:
        async with foundation.database.session() as connection:
            drifts = await find_drift(
                connection, snapshot, trigram=foundation.catalog.trigram, compile_rules=compile_view_rules
            )
            drifts += await find_state_drift(connection, workspace.schema)
            drifts += await find_privilege_drift(connection, workspace.schema, await user_of(foundation.database))
            drifts += await find_view_drift(connection, snapshot, compile_view_rules)
    except (ReadOnlyServer, WritesRefused) as error:
        raise type(error)(f"{error.message}, and a comparison makes temporary tables") from error
    _report_drifts(workspace.name, drifts, report)
    for room in await _rooms(foundation, snapshot):
        if room.is_short:
            report(
                f"{workspace.name}: The table {room.object_.table.name} has used {room.used} of its {MAXIMUM_COLUMNS}"
                f" columns, of which {room.dropped} are dropped; `fieldstone doctor --rewrite` makes room."
            )
    return len(drifts)


def _report_drifts(name: str, drifts: Sequence[Drift], report: Report) -> None:
    for drift in drifts:
        report(escape(f"{name}: {drift.finding}"))
        if drift.repair:
            report(escape(f"    repair: {drift.repair}", keep_lines=True))


async def _report_unused(foundation: Foundation, snapshot: Snapshot, report: Report) -> int:
    """Print the indexes that no statement has used, which are no differences, and return their number."""
    async with foundation.database.session() as connection:
        unused = await find_unused(connection, snapshot)
    for one in unused:
        line = _UNUSED.format(
            workspace=snapshot.workspace.name,
            index=one.index.name,
            method=one.index.method,
            fields=", ".join(one.fields),
            size=one.size / _MEBIBYTE,
            since=one.since.astimezone(UTC),
            writes=one.writes,
        )
        report(escape(line))
        change = _DELETE.format(id=one.index.id) if one.label_of is None else _SKIP.format(id=one.label_of)
        report(_GIVE_UP + change)
    return len(unused)


async def _examine_catalog(foundation: Foundation, report: Report) -> int:
    async with foundation.database.session() as connection:
        drifts = await find_catalog_drift(connection)
        drifts += await find_privilege_drift(connection, CATALOG, await user_of(foundation.database))
    _report_drifts("the catalog", drifts, report)
    return len(drifts)


async def _find_orphans(foundation: Foundation, report: Report) -> int:
    async with foundation.database.session() as connection:
        orphans = await fetch(connection, "stray_schemas", prefix=SCHEMA_PREFIX)
    for (schema,) in orphans:
        report(f"The schema {escape(schema)} belongs to no workspace.")
    return len(orphans)


async def _rooms(foundation: Foundation, snapshot: Snapshot) -> list[ColumnUsage]:
    async with foundation.database.session() as connection:
        return await find_room(connection, snapshot)
