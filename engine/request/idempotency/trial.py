"""A trial: a mutation whose transaction is rolled back, so that its answer is all that it has of an effect."""

from fieldstone.sql.transaction import Transaction


class TrialOver(Exception):
    """The mutation would have been committed; `data` is that of its answer."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.data = data


class Trial:
    """Stands in the place of a claim in the transaction of a mutation."""

    async def begin(self, transaction: Transaction) -> None:
        """Do nothing as the transaction's first statement."""

    async def end(self, transaction: Transaction, data: bytes) -> None:  # noqa: ARG002 - as that of a claim
        """Have the transaction rolled back; raises TrialOver."""
        raise TrialOver(data)
