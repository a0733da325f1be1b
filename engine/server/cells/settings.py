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


def find_cell(settings: Settings, name: str) -> Cell:
    """Return the cell of this name; raises UnknownObject."""
    found = next((cell for cell in settings.cells if cell.name == name), None)
    if found is None:
        raise UnknownObject(f'there is no cell "{name}"; {_known(settings)}', field="cell")
    return found


def choose_cell(settings: Settings, name: str | None) -> Settings:
    """Return the settings of the cell of a name for a command about one database; those given where there are no cells.

    Raises:
        UnknownObject: there is no such cell, or several and no name.
    """
    if name is not None:
        return settings_of(settings, find_cell(settings, name))
    if settings.cells:
        raise UnknownObject(f"--cell has to name one of them; {_known(settings)}", field="cell")
    return settings


def _known(settings: Settings) -> str:
    return f"FIELDSTONE_CELLS has {', '.join(cell.name for cell in settings.cells) or 'none'}"
