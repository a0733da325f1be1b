"""The rows of two WITH queries side by side, or those of one without any of the other.

PostgreSQL expects one row of a query that writes, and of one with some conditions, and would then hold each row of one
query against each row of the other in a nested loop, which takes seconds for thousands of rows. A FULL JOIN is never a
nested loop: https://github.com/postgres/postgres/blob/REL_17_STABLE/src/backend/optimizer/path/joinpath.c
"""

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.terms import Expression, FromItem, FullJoin, InnerJoin, Query


def pair(query: Query, other: FromItem, same: Expression, *, is_one: bool = False) -> Expression:
    """Join a query with another one; return the condition that a row has its counterpart.

    `same` is one equality or several. If both have one row at most (`is_one`), a nested loop is the cheapest join. A
    strict condition would have PostgreSQL make another join of a FULL JOIN.
    """
    if is_one:
        query.join(InnerJoin(other, same))
        return expressions.TRUE
    query.join(FullJoin(other, same))
    return expressions.coalesce(same, expressions.FALSE)


def unpaired(query: Query, other: FromItem, key: Expression, same: Expression) -> Expression:
    """Join a query with another one; return the condition that a row has no counterpart, whose key is `key`."""
    query.join(FullJoin(other, same))
    return expressions.is_null(key)
