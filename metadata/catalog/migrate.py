"""The catalog: Fieldstone's own tables, brought up to date by numbered SQL files."""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from importlib.resources import files
from itertools import cycle
from types import MappingProxyType
from typing import Final, TypeVar

import psycopg

from fieldstone.metadata.catalog.queries import QUERIES, fetch, fetch_one
from fieldstone.metadata.catalog.sessions import Session, SessionSource
from fieldstone.metadata.errors import CatalogMismatch, CatalogTooNew, CatalogTooOld
from fieldstone.sql.concurrency.backoff import Backoff
from fieldstone.sql.ddl import create, text_search
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.frozen import frozen
from fieldstone.sql.locks import AdvisoryLock

_LOG = logging.getLogger(__name__)

T = TypeVar("T")

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")

EXTENSIONS: Final = ("pg_trgm", "unaccent")
EXTENSION_SCHEMA: Final = "fieldstone_ext"
_SEARCH: Final = 16
"""The version of the catalog from which on the functions of the search use the extensions."""

# While a migration waits for a table, each request that reads the table waits behind it: short waits, as many as it
# takes. Some outlast deadlock_timeout (1 s), at which an autovacuum gives way.
_WAITS: Final = (300, 300, 300, 1_200)
"""The milliseconds that the tries in turn wait for a lock at most."""

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 5.0


@frozen
class Migration:
    """One numbered SQL file."""

    version: int
    name: str
    sql: bytes

    @property
    def checksum(self) -> str:
        """The SHA-256 of the file."""
        return sha256(self.sql).hexdigest()


def _read_migrations() -> tuple[Migration, ...]:
    found = [
        Migration(version=int(match[1]), name=match[2], sql=file.read_bytes())
        for file in files("fieldstone.metadata.catalog").joinpath("migrations").iterdir()
        if (match := _FILE.fullmatch(file.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))


MIGRATIONS: Final = _read_migrations()


@frozen
class Catalog:
    """The catalog as a migration left it.

    Attributes:
        version: the number of the last migration.
        applied: the versions that this migration applied.
        extensions: those of `EXTENSIONS` that the database has, each with its schema.
    """

    version: int
    applied: tuple[int, ...]
    extensions: Mapping[str, str]

    @property
    def trigram(self) -> TrigramClass | None:
        """The operator class for trigrams, None where the server has not got it."""
        schema = self.extensions.get("pg_trgm")
        return None if schema is None else TrigramClass(schema=schema)

    @classmethod
    async def migrate(cls, sessions: SessionSource, migrations: Sequence[Migration] = MIGRATIONS) -> "Catalog":
        """Bring the catalog up to date, and return it; safe to repeat, and to run several times at once.

        Raises:
            CatalogTooNew: a newer program has been here.
            CatalogMismatch: a migration was applied that is another one than ours of that number.
        """
        applied = []
        async with sessions.session() as connection:
            async with connection.transaction():
                extensions = await _read_if_current(connection, migrations)
            if extensions is None:
                # Each migration is a transaction that looks again for the next one: others may be at it too.
                apply_next = partial(_apply_next, connection, migrations)
                while (version := await _run_alone(connection, apply_next)) is not None:
                    _LOG.debug("the catalog is at version %d", version)
                    applied.append(version)
                if applied:
                    _LOG.info("the catalog is at version %d", applied[-1])
                extensions = await _run_alone(connection, partial(_create_extensions, connection))
        return cls(version=migrations[-1].version, applied=tuple(applied), extensions=extensions)

    @classmethod
    async def read(cls, sessions: SessionSource, migrations: Sequence[Migration] = MIGRATIONS) -> "Catalog":
        """Return the catalog if it is up to date, and change nothing.

        Raises:
            CatalogTooOld: it lacks migrations.
            CatalogTooNew: a newer program has been here.
            CatalogMismatch: there is none, or a migration was applied that is another one than ours of that number.
        """
        async with sessions.session() as connection, connection.transaction():
            require_applied(await read_applied(connection), migrations)
            extensions = await read_extensions(connection)
        return cls(version=migrations[-1].version, applied=(), extensions=extensions)


async def lay_out(connection: Session, version: int, schemas: Mapping[str, str]) -> Mapping[str, str]:
    """Make an empty catalog of a version in the caller's transaction; return the extensions with their schemas.

    Args:
        connection: one whose transaction holds the lock of the catalog.
        version: the number of the last migration.
        schemas: the schemas of the extensions that are not there yet, where it is not that of `EXTENSION_SCHEMA`.
    """
    await connection.execute(QUERIES["create_catalog"], prepare=False)
    for migration in MIGRATIONS:
        if migration.version <= version:
            await _apply(connection, migration)
    return await _create_extensions(connection, schemas, has_search=version >= _SEARCH)


async def _read_if_current(connection: Session, migrations: Sequence[Migration]) -> Mapping[str, str] | None:
    """Return the extensions with their schemas, without a lock; None if there is anything to write."""
    done = await read_applied(connection)
    if done is None:
        return None
    check_applied(done, migrations)
    found = await read_extensions(connection)
    is_current = done.keys() >= {migration.version for migration in migrations} and await _are_used(connection, found)
    if is_current and (len(found) == len(EXTENSIONS) or not await _find_creatable(connection)):
        return found
    return None


async def _run_alone(connection: Session, body: Callable[[], Awaitable[T]]) -> T:
    """Return the result of `body`, run in a transaction that holds the lock of the catalog.

    It is rolled back and run again, for as long as others hold a lock that it needs.
    """
    backoff, waits, noted = Backoff(_FIRST_PAUSE, longest=_LONGEST_PAUSE), cycle(_WAITS), ""
    while True:
        try:
            async with connection.transaction():
                await connection.execute(QUERIES["begin_change"], prepare=False)
                await connection.execute(QUERIES["idle_without_limit"])
                await connection.execute(QUERIES["wait_for_locks_at_most"], {"milliseconds": f"{next(waits)}ms"})
                await connection.execute(QUERIES["detect_deadlocks_at_once"])
                await connection.execute(QUERIES["wait_for_lock"], AdvisoryLock.CATALOG.parameters)
                return await body()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            holder = await _describe_holder(connection)
        if holder != noted:
            _LOG.warning("the migration of the catalog waits for %s, and is tried again until it has ended", holder)
            noted = holder
        await backoff.wait()


async def _describe_holder(connection: Session) -> str:
    """Return the session with the oldest transaction that holds a lock which a migration may need, in words."""
    async with connection.transaction():
        row = await fetch_one(connection, "catalog_holder", **AdvisoryLock.CATALOG.parameters)
    return str(row[0]) if row else "a session that has ended"


async def _apply_next(connection: Session, migrations: Sequence[Migration]) -> int | None:
    done = await read_applied(connection)
    if done is None:
        await connection.execute(QUERIES["create_catalog"], prepare=False)
        done = {}
    check_applied(done, migrations)
    migration = next((migration for migration in migrations if migration.version not in done), None)
    if migration is None:
        return None
    await _apply(connection, migration)
    return migration.version


async def _apply(connection: Session, migration: Migration) -> None:
    await connection.execute(migration.sql, prepare=False)
    await connection.execute(
        QUERIES["record_migration"],
        {"version": migration.version, "name": migration.name, "checksum": migration.checksum},
    )


async def read_applied(connection: Session) -> dict[int, str] | None:
    """Return the checksums of the migrations applied; None if the database has no catalog."""
    if await fetch(connection, "catalog_exists") == [(False,)]:
        return None
    return {version: checksum for version, _, checksum in await fetch(connection, "catalog_migrations")}


def check_applied(done: Mapping[int, str], migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Return if migrations with these checksums are some of ours.

    Raises:
        CatalogTooNew: there is one that is newer than ours.
        CatalogMismatch: one is another than ours of that number.
    """
    newest, ours = max(done, default=0), migrations[-1].version
    if newest > ours:
        raise CatalogTooNew(
            f"the catalog is at version {newest}, and this program knows versions up to {ours}: run a newer Fieldstone"
        )
    for migration in migrations:
        if done.get(migration.version, migration.checksum) != migration.checksum:
            raise CatalogMismatch(
                f"migration {migration.version} ({migration.name}) of the catalog is not the one of this program:"
                " the database was made by another build"
            )


def require_applied(done: Mapping[int, str] | None, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Return if migrations with these checksums are all of ours, as `read_applied` returns them.

    Raises:
        CatalogTooOld: some of ours are missing.
        CatalogMismatch: there is no catalog, or it is another one, as `check_applied` says.
    """
    if done is None:
        raise CatalogMismatch("the database has no catalog: fieldstone migrate makes it")
    check_applied(done, migrations)
    if missing := sum(migration.version not in done for migration in migrations):
        count = "1 migration is" if missing == 1 else f"{missing} migrations are"
        raise CatalogTooOld(f"{count} missing: fieldstone migrate or the start of a server applies them")


async def _create_extensions(
    connection: Session, schemas: Mapping[str, str] = MappingProxyType({}), *, has_search: bool = True
) -> Mapping[str, str]:
    """Create the extensions that the server has and lets us create; return all that are there, with their schemas."""
    for name in await _find_creatable(connection):
        statement = create.create_extension(name, schemas.get(name, EXTENSION_SCHEMA))
        try:
            async with connection.transaction():
                await connection.execute(statement, prepare=False)
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported) as error:
            _LOG.warning("the extension %s cannot be created, its features do without: %s", name, error)
    found = await read_extensions(connection)
    if has_search and not await _are_used(connection, found):
        for statement in text_search.use_extensions(trigram=found.get("pg_trgm"), unaccent=found.get("unaccent")):
            await connection.execute(statement, prepare=False)
    return found


async def _find_creatable(connection: Session) -> list[str]:
    """Return the extensions that the server has and the database has not."""
    return [name for (name,) in await fetch(connection, "available_extensions", names=list(EXTENSIONS))]


async def read_extensions(connection: Session) -> dict[str, str]:
    """Return the schemas of the extensions that the database has."""
    return dict(await fetch(connection, "extensions", names=list(EXTENSIONS)))


async def _are_used(connection: Session, found: Mapping[str, str]) -> bool:
    """Return whether the search uses these extensions."""
    query = text_search.is_using(trigram=found.get("pg_trgm"), unaccent=found.get("unaccent"))
    return await (await connection.execute(query, prepare=False)).fetchall() == [(True,)]
