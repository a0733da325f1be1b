"""PostgreSQL's text of an array."""

from collections.abc import Sequence


def array_text(items: Sequence[str]) -> str:
    """Return PostgreSQL's text of an array of texts without NULLs."""
    quoted = ['"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in items]
    return "{" + ",".join(quoted) + "}"
