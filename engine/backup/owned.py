"""The tables of the catalog: the rows that belong to a workspace, and those that stay with their database."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from psycopg import sql

CATALOG: Final = "fieldstone"
"""The schema of the catalog."""

DEFINITIONS: Final = "definitions.dump"
"""The member of a backup with the definitions of the workspaces' tables."""

_OF_THE_LOG: Final = frozenset({"event_log", "event_staging", "webhook_delivery"})
"""Tables whose rows have positions of their database's log, in which other workspaces have events too."""

_OF_THE_CELLS: Final = frozenset(
    {"log_epoch", "moved_event", "placed_credential", "placement", "workspace_load", "workspace_move"}
)
"""Tables about the place of workspaces among the cells of their installation."""

_OF_THE_SERVER: Final = frozenset({"sql_role"})
"""Tables whose rows name logins of their server, which are in no database."""

_OF_WORK: Final = frozenset({"import_job", "webhook_try"})
"""Tables of work whose other rows stay in their database: files of imports, and deliveries."""

_OF_THE_HISTORY: Final = frozenset({"record_history", "cursor_key"})
"""The events that have left the log, whose positions are those of their database, and the key of their cursors."""

_BY_WEBHOOK: Final = "webhook_id"


def is_saved(table: str) -> bool:
    """Return whether a backup has the rows of a table of the catalog."""
    return table not in _OF_THE_SERVER | _OF_THE_HISTORY


def stays_behind(table: str, columns: Sequence[str]) -> bool:
    """Return whether a table's rows do not go with a workspace to another database."""
    is_owned = table == "workspace" or "workspace_id" in columns or _BY_WEBHOOK in columns
    return table in _OF_THE_LOG | _OF_THE_HISTORY | _OF_WORK | _OF_THE_CELLS or not is_owned


def of_workspace(table: str, columns: Sequence[str], workspace_id: UUID) -> sql.Composed:
    """Return the condition on the rows of a workspace in a table that does not stay behind."""
    id_ = sql.Literal(workspace_id)
    if table == "workspace":
        return sql.SQL("id = {}").format(id_)
    if "workspace_id" in columns:
        return sql.SQL("workspace_id = {}").format(id_)
    if "job_id" in columns:
        return sql.SQL("job_id IN (SELECT id FROM fieldstone.import_job WHERE workspace_id = {})").format(id_)
    return sql.SQL("webhook_id IN (SELECT id FROM fieldstone.webhook WHERE workspace_id = {})").format(id_)
