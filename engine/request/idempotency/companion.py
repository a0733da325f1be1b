"""The companion of a mutation: statements that are part of its transaction."""

from typing import Protocol

from fieldstone.sql.transaction import Transaction


class Companion(Protocol):
    """Runs statements before and after those of a mutation, in the same transaction."""

    async def begin(self, transaction: Transaction) -> None:
        """Run the transaction's first statements."""

    async def end(self, transaction: Transaction, data: bytes) -> None:
        """Run its last statements; `data` is that of the mutation's answer. An exception rolls everything back."""
