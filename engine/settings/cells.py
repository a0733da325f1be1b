"""The cells of an installation: databases that have its workspaces between them, by name and address."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple, TypeAlias

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from pydantic import BeforeValidator
from pydantic_settings import NoDecode

# An address may have commas of its own, between hosts.
_BETWEEN = re.compile(r",\s*(?=[a-z][a-z0-9-]*=postgres(?:ql)?://)", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


class Cell(NamedTuple):
    """A cell: its name, and an address of its database."""

    name: str
    url: str


class GivenTwice(ValueError):
    """A list has a name or an address twice; the text of the error goes on behind the name of the setting."""


def read_addresses(value: Any) -> Any:
    """Return the pairs of a text such as `home=postgresql://..,b=postgresql://..`; pairs stay as they are.

    Raises:
        ValueError: the text has another form.
        GivenTwice: two have one address.
    """
    if not isinstance(value, str):
        return tuple(Cell(*one) for one in value) if isinstance(value, Sequence) else value
    cells = []
    for part in filter(None, map(str.strip, _BETWEEN.split(value.strip()))):
        name, _, url = part.partition("=")
        try:
            conninfo_to_dict(url)
        except ProgrammingError:
            raise ValueError from None
        if not _NAME.fullmatch(name) or not url.startswith("postgres"):
            raise ValueError
        cells.append(Cell(name, url))
    known: dict[str, str] = {}
    for name, url in cells:
        if url in known:
            # The address itself may have a password.
            raise GivenTwice(f"has one address twice, for {known[url]} and for {name}")
        known[url] = name
    return tuple(cells)


def read_cells(value: Any) -> Any:
    """Return the cells of such a text; it raises as `read_addresses`, and GivenTwice where two cells have one name."""
    cells = read_addresses(value)
    if isinstance(cells, tuple):
        names = [cell.name for cell in cells]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise GivenTwice(f"names the cell {twice} twice")
    return cells


CellAddresses: TypeAlias = Annotated[tuple[Cell, ...], NoDecode, BeforeValidator(read_addresses)]
"""Further addresses of cells, by the names of these."""

Cells: TypeAlias = Annotated[tuple[Cell, ...], NoDecode, BeforeValidator(read_cells)]
