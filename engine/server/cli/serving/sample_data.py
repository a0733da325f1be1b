"""The sample data of `--demo`, brought into the workspace `default` with a progress bar."""

import contextlib
import logging
from collections.abc import AsyncIterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fieldstone.engine.server.composition import Services, assemble
from fieldstone.engine.server.demo.prepare import bring_demo
from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.server.parts import Parts
from fieldstone.engine.settings import Settings

_LOG = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def assemble_with_demo(settings: Settings, parts: Parts) -> AsyncIterator[Services]:
    """Open everything that the endpoints need, with the demo in the workspace `default`."""
    async with assemble(settings, parts) as services:
        await fill_with_demo(services.foundation, settings)
        yield services


async def fill_with_demo(foundation: Foundation, settings: Settings) -> None:
    """Bring the demo into the workspace `default` if it is empty, and show the progress."""
    with _progress() as progress:
        task = progress.add_task("sample data", total=None, visible=False)
        filled = await bring_demo(
            foundation,
            settings,
            lambda done, total: progress.update(task, completed=done, total=total, visible=True),
        )
    _LOG.info(
        "the sample data is there"
        if filled
        else "no sample data: the workspace has records already, or lacks an object of it"
    )


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))
