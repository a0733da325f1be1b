"""An address that leads to a standby: it is waited for where a primary is needed, and its readers are left alone."""

import asyncio
from collections.abc import Iterator

import pytest

from fieldstone.sql.driver import standby as module
from fieldstone.sql.errors import ReadOnlyServer
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement
from tests.replicas.standbys import Standby, running_primary, running_standby
from tests.sql.driving import BACKEND, opened

pytestmark = pytest.mark.long

CREATE = Statement(text="CREATE TABLE public.note (text text)")


@pytest.fixture
def standby() -> Iterator[Standby]:
    with running_primary() as primary, running_standby(primary) as made:
        yield made


async def test_writes_in_vain_end_no_connection(
    standby: Standby, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_DROP_EACH", 0.0)
    async with opened(standby.dsn, connections=1) as database:
        serving = await database.read(BACKEND, (), share=None)
        for _ in range(3):
            with pytest.raises(ReadOnlyServer):
                await database.write(CREATE, (), share=None)
            with pytest.raises(ReadOnlyServer):
                async with database.transaction(share=None) as transaction:
                    await transaction.run(CREATE, ())
            with pytest.raises(ReadOnlyServer):
                async with database.session() as session:
                    await session.execute(CREATE.sql)
            assert await database.read(BACKEND, (), share=None) == serving
        assert caplog.messages == ["the address of the database leads to a standby, which takes no writes"]
        standby.run("SELECT pg_promote()")
        await database.write(CREATE, (), share=None)
        assert await database.read(BACKEND, (), share=None) == serving


async def test_writes_in_vain_at_one_time_end_no_connection(standby: Standby) -> None:
    async with opened(standby.dsn, connections=4) as database:
        refused = await asyncio.gather(
            *(database.write(CREATE, (), share=None) for _ in range(16)), return_exceptions=True
        )
        assert {type(one) for one in refused} == {ReadOnlyServer}
        assert database.stats().opened <= 4


async def test_a_server_that_needs_a_primary_waits_for_it(standby: Standby) -> None:
    database = Database.connect(standby.dsn, settings=PoolSettings(open_timeout=0.3))
    with pytest.raises(ReadOnlyServer):
        await database.open(needs_primary=True)
    await database.open()
    await database.close()
    patient = Database.connect(standby.dsn, settings=PoolSettings(open_timeout=60))
    opening = asyncio.create_task(patient.open(needs_primary=True))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(opening), 1)
    standby.run("SELECT pg_promote()")
    await opening
    await patient.write(CREATE, (), share=None)
    await patient.close()
