"""The refusal to import rows that PostgreSQL does not give, or that the model does not take."""

import psycopg

from fieldstone.metadata.errors import ChangeFailed
from fieldstone.sql.sqlstate import translate_error


def refuse_rows(done: str, place: str, why: psycopg.Error | str) -> ChangeFailed:
    """Return the refusal of the rows of a table, or of those of one of its columns as `table.column`.

    Args:
        done: the past participle of the work that failed on them.
        place: the table or column; `--skip` takes it.
        why: PostgreSQL's error, or the reason in words.
    """
    if isinstance(why, psycopg.Error):
        detail = why.diag.message_detail
        why = translate_error(why).message + (f" ({detail})" if detail else "")
    return ChangeFailed(
        f"the rows of {place} cannot be {done}, and nothing was changed: {why}; --skip {place} leaves them out"
    )
