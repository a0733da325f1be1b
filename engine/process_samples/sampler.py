"""Notes the numbers of a process every ten seconds."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final

from fieldstone.engine.version import VERSION
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

EVERY: Final = 10.0
"""Seconds between two samples of a process."""
_TIME_LIMIT = 5.0
_TRIM_EVERY = 600.0
_PORTION = 5_000

_NOTE = named_statement(__name__, "note_sample")
_END = named_statement(__name__, "end_process")
_TRIM = named_statement(__name__, "trim_samples")
_TRIM_PROCESSES = named_statement(__name__, "trim_processes")

Collect = Callable[[], Mapping[str, JsonValue]]
"""Returns the numbers of the process at the moment: counts since its start, and states."""


class Sampler:
    """The samples of one process.

    Args:
        database: where they are noted.
        collect: returns the numbers.
        worker: the number of the process among its supervisor's workers, if it is one.
    """

    def __init__(self, database: Database, collect: Collect, *, worker: int | None = None) -> None:
        self.id = new_id()
        self._database = database
        self._collect = collect
        self._worker = worker

    async def run(self) -> None:
        """Note a sample at once and every ten seconds, until cancelled; one that the database does not take is lost."""
        try:
            while True:
                try:
                    await self.note()
                except DatabaseError as error:
                    _LOG.info("a sample of the process is lost: %s", error)
                await asyncio.sleep(EVERY)
        finally:
            try:
                await self._database.write(*_END.bind(id=self.id), timeout=_TIME_LIMIT, share=None)
            except DatabaseError as error:
                _LOG.info("the end of the process is not noted: %s", error)

    async def note(self) -> None:
        """Note a sample."""
        step = _NOTE.bind(id=self.id, version=VERSION, worker=self._worker, data=dumps(dict(self._collect())))
        await self._database.write(*step, timeout=_TIME_LIMIT, share=None)


async def trim_samples(database: Database) -> int:
    """Delete the samples that are older than a day, and return their number."""
    deleted = 0
    while True:
        number = len(await database.write(*_TRIM.bind(limit=_PORTION), share=None))
        deleted += number
        if number < _PORTION:
            await database.write(*_TRIM_PROCESSES.bind(), share=None)
            return deleted


async def keep_trimmed(database: Database) -> None:
    """Delete old samples every ten minutes, until cancelled."""
    while True:
        await asyncio.sleep(_TRIM_EVERY)
        try:
            await trim_samples(database)
        except DatabaseError as error:
            _LOG.info("old samples of processes are deleted later: %s", error)
