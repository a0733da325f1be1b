"""Imports and exports of many records: the memory that they take does not grow with the number of records."""

import gc
from collections.abc import Iterator

import pytest

from tests.engine.rest.transfers import END, chunk, export, head, resident
from tests.engine.server.fast_path.conftest import serve
from tests.engine.server.fast_path.talking import Serve, Talk

__all__ = ["serve"]

AT_ONCE = 1_000


async def send(talk: Talk, first: int, last: int, extension: str) -> int:
    """Import these records, and return the most memory meanwhile."""
    talk.send(head(talk, "Transfer-Encoding: chunked\r\n", f"people.{extension}"))
    most = 0
    if extension == "csv":
        talk.send(chunk("email,city\n"))
    # So large that the first import fills all buffers on the way.
    city = 100 * "x"
    line = f"{{0}}@x,{city}\n" if extension == "csv" else f'{{{{"email":"{{0}}@x","city":"{city}"}}}}\n'
    for start in range(first, last, AT_ONCE):
        talk.send(chunk("".join(line.format(number) for number in range(start, start + AT_ONCE))))
        await talk.writer.drain()
        most = max(most, resident())
    talk.send(END)
    answered = await talk.receive()
    assert answered.json["data"]["importPeople"]["created"] == last - first
    return max(most, resident())


@pytest.fixture
def collections() -> Iterator[None]:
    """Have the garbage of a test collected sooner than other tests have theirs, and so less of it at a time.

    A full collection waits until a quarter of all objects is new, so that those of the tests before would let it grow.
    """
    gc.collect()
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(10_000, 10, 30)
    yield
    gc.set_threshold(*before)


@pytest.mark.long
@pytest.mark.usefixtures("collections")
@pytest.mark.parametrize("extension", ["csv", "jsonl"])
async def test_many_records_take_no_more_memory_than_few(serve: Serve, extension: str) -> None:
    async with serve(creates=False, pool_size=2) as serving:
        talk = await serving.talk()
        few = await send(talk, 0, 20_000, extension)
        size, read_few = await export(talk, "", extension)
        # Seventy-five bytes that were kept of each record would be 6 MB.
        many = await send(talk, 20_000, 100_000, extension)
        assert many - few < 6_000_000
        larger, read_many = await export(talk, "", extension)
        assert larger > 4.9 * size
        assert read_many - max(read_few, many) < 6_000_000
