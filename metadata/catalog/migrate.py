"""The catalog: Fieldstone's own tables, brought up to date by numbered SQL files."""

import logging
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import psycopg

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session, SessionSource
from fieldstone.metadata.errors import CatalogMismatch, CatalogTooNew
from fieldstone.sql.ddl import create, text_search
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.frozen import frozen
from fieldstone.sql.locks import AdvisoryLock

_LOG = logging.getLogger(__name__)

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")

EXTENSIONS: Final = ("pg_trgm", "unaccent")
EXTENSION_SCHEMA: Final = "fieldstone_ext"


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
                while (version := await _apply_next(connection, migrations)) is not None:
                    _LOG.info("the catalog is at version %d", version)
                    applied.append(version)
                extensions = await _create_extensions(connection)
        return cls(version=migrations[-1].version, applied=tuple(applied), extensions=extensions)


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
    return await _create_extensions(connection, schemas)


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


async def _apply_next(connection: Session, migrations: Sequence[Migration]) -> int | None:
    async with connection.transaction():
        await connection.execute(QUERIES["begin_change"], prepare=False)
        await connection.execute(QUERIES["idle_without_limit"])
        await connection.execute(QUERIES["wait_for_lock"], AdvisoryLock.CATALOG.parameters)
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


async def _create_extensions(
    connection: Session, schemas: Mapping[str, str] = MappingProxyType({})
) -> Mapping[str, str]:
    """Create the extensions that the server has and lets us create; return all that are there, with their schemas."""
    async with connection.transaction():
        await connection.execute(QUERIES["wait_for_lock"], AdvisoryLock.CATALOG.parameters)
        for name in await _find_creatable(connection):
            statement = create.create_extension(name, schemas.get(name, EXTENSION_SCHEMA))
            try:
                async with connection.transaction():
                    await connection.execute(statement, prepare=False)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported) as error:
                _LOG.warning("the extension %s cannot be created, its features do without: %s", name, error)
        found = await read_extensions(connection)
        if not await _are_used(connection, found):
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
