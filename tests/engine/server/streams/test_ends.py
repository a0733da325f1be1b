"""The moments at which the streams of a server end."""

import asyncio

from fieldstone.engine.server.streams.ends import StreamEnd


async def test_streams_that_are_spread_end_one_after_another_and_all_at_the_end() -> None:
    end = StreamEnd()
    streams = [asyncio.create_task(end.wait()) for _ in range(40)]
    await asyncio.sleep(0)
    assert not any(stream.done() for stream in streams)
    # Nearly all moments are far away.
    end.spread(3_600)
    await asyncio.sleep(0)
    assert not end.is_set()
    assert sum(stream.done() for stream in streams) < 10
    end.set()
    assert end.is_set()
    await asyncio.wait_for(asyncio.gather(*streams), 60)


async def test_each_stream_ends_within_the_time() -> None:
    end = StreamEnd()
    end.spread(0.05)
    await asyncio.wait_for(asyncio.gather(*(end.wait() for _ in range(20))), 60)
    assert not end.is_set()


async def test_streams_that_are_not_spread_end_at_once() -> None:
    end = StreamEnd()
    end.set()
    await asyncio.wait_for(end.wait(), 60)
