"""The model brought back to an earlier version: each change since then is undone, the last one first."""

from metadata.changes.record import decode_change
from metadata.errors import InvalidChange
from metadata.json_text import loads
from metadata.queries import QUERIES
from metadata.transaction import ModelTransaction


async def roll_back(transaction: ModelTransaction, to: int) -> None:
    """Undo, in this transaction, what was changed after the version `to`.

    The model becomes what it was, as a new version. Fields and objects that were deleted come back empty, in new
    columns and tables; what the records forbid is refused as any other change is, and nothing is undone.

    Raises:
        InvalidChange: there is no such version, or a change cannot be undone.
        UnknownObject: what a change was about is not there any more.
    """
    current = transaction.snapshot.version
    if not 0 <= to <= current:
        raise InvalidChange(f"to must be a version from 0 to {current}, not {to}", field="to")
    cursor = await transaction.connection.execute(
        QUERIES["changes_after"], {"workspace_id": transaction.snapshot.workspace.id, "version": to}
    )
    for version, text in await cursor.fetchall():
        for entry in reversed(loads(text)):
            if "inverse" not in entry:
                raise InvalidChange(f"version {version} was made before inverses were kept", field="to")
            for step in entry["inverse"]:
                await transaction.apply(decode_change(step))
