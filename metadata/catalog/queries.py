"""The named queries of queries.sql."""

import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from fieldstone.sql.statement import Statement

_HEADING = re.compile(rb"^-- name: (\w+)\n", re.MULTILINE)


def _read_queries() -> Mapping[str, bytes]:
    pieces = _HEADING.split(files("fieldstone.metadata.catalog").joinpath("queries.sql").read_bytes())
    return dict(zip((name.decode() for name in pieces[1::2]), map(bytes.strip, pieces[2::2]), strict=True))


QUERIES: Final = _read_queries()


def build_statement(name: str) -> Statement:
    """Return a named query that has numbered parameters as a statement."""
    return Statement(text=QUERIES[name].decode().removesuffix(";"))
