"""The tests that Citus cannot pass, by their path: each with the sentence of the refusal, or the reason."""

from collections.abc import Mapping
from typing import Final

_NO_SQL_ROLES = (
    "A distributed workspace has no SQL roles: Citus reads the tables below a view as the login that asks, so that the"
    " view's limits would not hold. `fieldstone sql-role create` refuses it."
)
_NO_REWRITE = "Citus renames no constraint of a distributed table: `fieldstone doctor --rewrite` refuses it."

LIMITS: Final[Mapping[str, str]] = {
    "tests/metadata/sql_views/": _NO_SQL_ROLES,
    "tests/metadata/doctor/test_views.py": _NO_SQL_ROLES,
    "tests/metadata/doctor/test_rewrite.py": _NO_REWRITE,
}


def reason_of(node_id: str) -> str | None:
    """Return the reason for which a test does not run on Citus; None if it does."""
    return next((reason for path, reason in LIMITS.items() if node_id.startswith(path)), None)
