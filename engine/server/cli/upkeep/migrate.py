"""`fieldstone migrate`: brings the catalog up to date."""

import typer

from fieldstone.engine.server.foundation import open_catalog
from fieldstone.engine.settings import Settings


async def migrate(settings: Settings) -> None:
    """Apply the missing migrations, and print their number.

    Raises:
        MetadataError: the catalog is not for this program.
        SqlError: the database cannot be had.
    """
    async with open_catalog(settings) as (_, catalog, _):
        done = f"applied {len(catalog.applied)}" if catalog.applied else "nothing to do"
        typer.echo(f"The catalog is at version {catalog.version}: {done}.")
