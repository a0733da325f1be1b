"""PostgreSQL's text of an array."""

from collections.abc import Sequence


def array_text(items: Sequence[str | None]) -> str:
    """Return PostgreSQL's text of an array of texts; None is NULL."""
    quoted = ["NULL" if item is None else '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items]
    return "{" + ",".join(quoted) + "}"
