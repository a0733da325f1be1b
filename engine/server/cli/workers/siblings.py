"""The workers' metrics, each asked for at a UNIX socket of its worker and joined with the label `worker`."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from fieldstone.sql.concurrency.tasks import running

Render = Callable[[bool], bytes]
"""Returns the metrics of a worker; with those that name workspaces if they are wanted."""

_PATIENCE: Final = 0.5
"""Seconds for the answer of another worker: one that stands still leaves a gap in the metrics, and delays no scrape."""
_TOUCHES: Final = 3_600.0
"""Seconds between two marks of the socket and its folder as used: systemd-tmpfiles removes old files from /tmp."""
_NAMED: Final = b"named\n"
_NAMELESS: Final = b"nameless\n"


class Siblings:
    """The workers of one supervisor, as one of them asks them for their metrics.

    Args:
        folder: where each worker has its socket, under its number.
        number: that of this worker.
        render_common: returns the metrics of all workers together, which get no label.
    """

    def __init__(self, folder: Path, number: int, render_common: Callable[[], bytes]) -> None:
        self._folder = folder
        self._number = number
        self._render_common = render_common

    @asynccontextmanager
    async def answering(self, render: Render) -> AsyncIterator[None]:
        """Answer the others for the length of the block."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(TimeoutError, OSError, ValueError):
                async with asyncio.timeout(_PATIENCE):
                    writer.write(render(await reader.readline() == _NAMED))
                    await writer.drain()
            writer.close()

        # Where others have emptied /tmp, this worker and the next ones find each other again.
        self._folder.mkdir(mode=0o700, exist_ok=True)
        place = self._folder / str(self._number)
        # One that was killed has left it.
        place.unlink(missing_ok=True)
        server = await asyncio.start_unix_server(answer, place)
        try:
            async with running({"socket for metrics": partial(self._touch, place)}):
                yield
        finally:
            server.close()
            place.unlink(missing_ok=True)

    async def _touch(self, place: Path) -> None:
        while True:
            await asyncio.sleep(_TOUCHES)
            with contextlib.suppress(FileNotFoundError):
                os.utime(self._folder)
                os.utime(place)

    async def gather(self, render: Render, named: bool) -> bytes:
        """Return the metrics of all workers that answer, this one's by a call, and those of all together."""
        others = sorted(self._others())
        answers = await asyncio.gather(*(self._ask(other, named) for other in others))
        texts = {self._number: render(named)} | {
            other: text for other, text in zip(others, answers, strict=True) if text is not None
        }
        return join_metrics({str(number): texts[number] for number in sorted(texts)}) + self._render_common()

    def _others(self) -> list[int]:
        try:
            names = os.listdir(self._folder)  # noqa: PTH208 - names
        except FileNotFoundError:
            return []
        return [int(name) for name in names if name.isdigit() and int(name) != self._number]

    async def _ask(self, other: int, named: bool) -> bytes | None:
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_unix_connection(self._folder / str(other))
                try:
                    writer.write(_NAMED if named else _NAMELESS)
                    return await reader.read() or None
                finally:
                    writer.close()
        return None


def join_metrics(texts: Mapping[str, bytes]) -> bytes:
    """Return one text in Prometheus' format for those of several workers, each value with the label of its worker.

    https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
    """
    families: dict[bytes, list[bytes]] = {}
    for worker, text in texts.items():
        label = b'worker="%b"' % worker.encode()
        samples: list[bytes] = []
        head: list[bytes] = []
        for line in text.splitlines():
            if line.startswith(b"#"):
                # The lines about a metric stand before its values.
                head = [line] if line.startswith(b"# HELP") else [*head, line]
                samples = families.setdefault(b"\n".join(head), []) if line.startswith(b"# TYPE") else samples
            elif line:
                samples.append(_labelled(line, label))
    return b"".join(b"\n".join([head, *samples]) + b"\n" for head, samples in families.items())


def _labelled(line: bytes, label: bytes) -> bytes:
    name, brace, rest = line.partition(b"{")
    if brace and b" " not in name:
        return b"%b{%b,%b" % (name, label, rest)
    name, _, value = line.partition(b" ")
    return b"%b{%b} %b" % (name, label, value)
