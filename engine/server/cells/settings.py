"""The settings of one cell of an installation."""

from collections.abc import Iterable
from typing import Final

from fieldstone.engine.settings import Settings
from fieldstone.engine.settings.cells import Cell
from fieldstone.metadata.errors import UnknownObject

_LEAST_CACHE: Final = 16
_OF_ALL_CELLS: Final = ("cells", "cell_replica_urls", "cell_owner_urls", "cell_listen_urls")


def settings_of(settings: Settings, cell: Cell) -> Settings:
    """Return the settings of one cell; the cells share the memory for models."""
    cache = max(_LEAST_CACHE, settings.model_cache_mb // max(1, len(settings.cells)))
    update = {
        "database_url": cell.url,
        "owner_database_url": _address(settings.cell_owner_urls, cell),
        "listen_url": _address(settings.cell_listen_urls, cell),
        "replica_urls": tuple(one.url for one in settings.cell_replica_urls if one.name == cell.name),
        "model_cache_mb": cache,
    }
    return settings.model_copy(update=update | dict.fromkeys(_OF_ALL_CELLS, ()))


def _address(addresses: Iterable[Cell], cell: Cell) -> str | None:
    return next((one.url for one in addresses if one.name == cell.name), None)


def by_cell(settings: Settings) -> list[tuple[str, Settings]]:
    """Return the settings of each cell with its name, which is empty where there are no cells."""
    return [(cell.name, settings_of(settings, cell)) for cell in settings.cells] or [("", settings)]


def choose_cell(settings: Settings, name: str | None) -> Settings:
    """Return the settings of the cell of a name for a command about one database; those given where there are no cells.

    Raises:
        UnknownObject: there is no such cell, or several and no name.
    """
    if not settings.cells and name is None:
        return settings
    found = next((cell for cell in settings.cells if cell.name == name), None)
    if found is None:
        known = ", ".join(cell.name for cell in settings.cells) or "none"
        wanted = "--cell has to name one of them" if name is None else f'there is no cell "{name}"'
        raise UnknownObject(f"{wanted}; FIELDSTONE_CELLS has {known}", field="cell")
    return settings_of(settings, found)
