"""The named queries of the catalog."""

from functools import partial
from typing import Final

from fieldstone.sql.queries import named_statement, read_queries

QUERIES: Final = read_queries(__name__)
catalog_statement: Final = partial(named_statement, __name__)
