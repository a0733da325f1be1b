"""The credentials that the directory has noted: old ones go, and one that is still used is noted again."""

from hashlib import sha256

import psycopg

from fieldstone.engine.cells.directory import Directory
from tests.metadata.desk import desk_at

OLD = "INSERT INTO fieldstone.placed_credential SELECT sha256(n::text::bytea), id, now() - interval '31 days' FROM"


async def test_old_ones_go_when_another_is_noted(empty_database: str) -> None:
    async with desk_at(empty_database) as desk:
        workspace = (await desk.workspaces.create("default", actor="test")).workspace
        hashes = [
            sha256((await desk.keys.create(workspace.id, name)).token.encode()).digest() for name in ("one", "other")
        ]
        directory = Directory("home", lambda: {"home": desk.database})
        assert await directory.find_credential(hashes[0]) is not None
        with psycopg.connect(empty_database, autocommit=True) as connection:
            connection.execute("UPDATE fieldstone.placed_credential SET noted_at = now() - interval '31 days'")
            connection.execute(f"{OLD} fieldstone.workspace, generate_series(1, 5) AS n".encode())
            assert await directory.find_credential(hashes[1]) is not None
            noted = "SELECT hash FROM fieldstone.placed_credential"
            assert connection.execute(noted.encode()).fetchall() == [(hashes[1],)]
            assert await directory.find_credential(hashes[0]) is not None
            assert {hash_ for (hash_,) in connection.execute(noted.encode()).fetchall()} == set(hashes)
