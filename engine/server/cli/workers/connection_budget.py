"""The connections to the database: their share for each worker, and their sum, which PostgreSQL must allow."""

from fieldstone.engine.server.cells.fleet import ask_cells
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.foundation import open_database
from fieldstone.engine.settings import Settings, load_settings
from fieldstone.engine.settings.cells import Cell
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Statement

_LIMIT = Statement(
    text="SELECT sum(CASE name WHEN 'max_connections' THEN setting::int ELSE -setting::int END)::int FROM pg_settings"
    " WHERE name IN ('max_connections', 'superuser_reserved_connections', 'reserved_connections')"
)
_FOR_ALL = 16
_LEAST = 2
_LISTENING = 1


def share_connections(settings: Settings) -> Settings:
    """Return the settings of one worker: where the pool's size is not given, the workers share sixteen connections."""
    if settings.workers == 1 or "pool_size" in settings.model_fields_set:
        return settings
    return load_settings(settings, pool_size=max(_LEAST, _FOR_ALL // settings.workers))


async def require_cells(settings: Settings) -> None:
    """Check the connections to each cell, see `require_connections`; one that is away is opened later, unchecked."""

    async def ask(cell: Cell, few: Settings) -> str | None:
        async with open_database(few, cell.url) as database:
            return await _refuse(database, settings)

    for cell, answer in zip(settings.cells, await ask_cells(settings, ask), strict=True):
        if isinstance(answer, str):
            raise CommandError(f"In the cell {cell.name}, {answer}")


async def require_connections(database: Database, settings: Settings) -> None:
    """Check that the workers have no more connections than PostgreSQL allows.

    A pooler between them has limits of its own, and is not asked.

    Raises:
        CommandError: they have.
    """
    if (refusal := await _refuse(database, settings)) is not None:
        raise CommandError(refusal)


async def _refuse(database: Database, settings: Settings) -> str | None:
    if settings.listen_url is not None or not settings.prepare_statements:
        return None
    each = settings.pool_size + settings.session_pool_size + _LISTENING + bool(settings.cells)
    # A reload starts the successor of a worker before that one ends.
    needed = (settings.workers + 1) * each
    ((limit,),) = await database.read(_LIMIT, (), share=None)
    if needed <= (allowed := int(limit or b"0")):
        return None
    return (
        f"{settings.workers} workers, and one more during a reload, with {each} database connections each would"
        f" have {needed}, and PostgreSQL allows {allowed}: lower FIELDSTONE_WORKERS, FIELDSTONE_POOL_SIZE or"
        " FIELDSTONE_SESSION_POOL_SIZE, or raise max_connections of PostgreSQL."
    )
