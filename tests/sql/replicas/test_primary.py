"""The position of the primary: one statement for all that ask at once, and none where the primary is away."""

import asyncio

from fieldstone.sql.errors import DatabaseUnavailable
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.replicas.position import Position
from fieldstone.sql.replicas.primary import PrimaryPosition
from fieldstone.sql.statement import Statement


async def position_of(primary: PrimaryPosition) -> Position | None:
    told: asyncio.Future[Position | None] = asyncio.get_running_loop().create_future()
    primary.ask(told.set_result)
    return await told


async def test_one_statement_tells_all_that_ask_at_once(empty_database: str) -> None:
    database = Database.connect(empty_database, settings=PoolSettings(connections=2))
    await database.open()
    primary = PrimaryPosition(database)
    asked = 0
    read = database.read

    async def counted(*arguments: object, **options: object) -> object:
        nonlocal asked
        asked += 1
        return await read(*arguments, **options)  # type: ignore[arg-type]

    database.read = counted  # type: ignore[method-assign, assignment]
    before = await asyncio.gather(*(position_of(primary) for _ in range(20)))
    assert asked == 1
    assert len(set(before)) == 1
    await database.write(Statement(text="CREATE TABLE public.one (id int)"), (), share=None)
    after = await position_of(primary)
    assert after is not None
    assert before[0] is not None
    assert after.covers(before[0])
    assert not before[0].covers(after)
    await primary.close()
    await database.close()


async def test_without_the_primary_there_is_none() -> None:
    class Away:
        async def read(self, *_: object, **_options: object) -> object:
            raise DatabaseUnavailable("away")

    primary = PrimaryPosition(Away())  # type: ignore[arg-type]
    assert await position_of(primary) is None
    await primary.close()
