"""The price of an operation, as a plan has it and as a request pays it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fieldstone.engine.errors import QueryTooComplex
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Binder, Bindings
from fieldstone.engine.planner.context import ParameterList
from fieldstone.sql.frozen import frozen

OFFSET_SHARE = 10
"""Rows passed over by `offset` that cost as much as one record."""
LARGEST_SHOWN = 10**15
"""Prices beyond it are shown as this: a JSON number that every client reads exactly."""


@frozen
class Part:
    """One priced part of an operation.

    Attributes:
        amount: its price.
        path: the response keys that lead to it.
        product: the factors whose product the price is, each with the response key that it belongs to.
    """

    amount: int
    path: AnswerPath
    product: tuple[tuple[str, int], ...]

    def multiplied(self, times: int) -> "Part":
        """Return the part as it is for so many of the records that the product begins with."""
        if times == 1:
            return self
        (key, _), *others = self.product
        return Part(amount=times * self.amount, path=self.path, product=((key, times), *others))


@frozen
class Skipped:
    """An `offset`: how often its rows are passed over, and the binder of their number."""

    path: AnswerPath
    times: int
    rows: Binder


@frozen
class Price:
    """The price of an operation: `fixed` by its plan, its dearest part, and the offsets, which each request gives.

    Attributes:
        roots: the fixed price of each root field that has one, by its response key.
    """

    fixed: int = 0
    roots: Mapping[str, int] = field(default_factory=dict)
    dearest: Part | None = None
    offsets: tuple[Skipped, ...] = ()

    def of(self, bindings: Bindings) -> int:
        """Return the whole price of a request."""
        return self.fixed + sum(_skipping(skipped, bindings) for skipped in self.offsets)

    def by_root(self, bindings: Bindings) -> dict[str, int]:
        """Return the price of each root field of a request, by its response key; those that are free are left out."""
        found = dict(self.roots)
        for skipped in self.offsets:
            root = str(skipped.path[0])
            found[root] = found.get(root, 0) + _skipping(skipped, bindings)
        return found

    def check(self, limit: int, bindings: Bindings | None = None, *, times: int = 1, before: int = 0) -> None:
        """Refuse a price above `limit`, where 0 is no limit.

        Args:
            limit: the most that an operation may cost.
            bindings: the request whose offsets count; None: they do not.
            times: how many records the price is paid for.
            before: the costs of the operation so far.

        Raises:
            QueryTooComplex: it costs more.
        """
        cost = before + times * (self.fixed if bindings is None else self.of(bindings))
        if 0 < limit < cost:
            raise self._refusal(cost, limit, bindings, times)

    def _refusal(self, cost: int, limit: int, bindings: Bindings | None, times: int) -> QueryTooComplex:
        pages = [] if self.dearest is None else [self.dearest.multiplied(times)]
        offsets: list[Part] = []
        if bindings is not None:
            offsets = [
                Part(
                    amount=times * _skipping(skipped, bindings),
                    path=skipped.path,
                    product=((f"offset of {skipped.path[-1]}", times * _skipping(skipped, bindings)),),
                )
                for skipped in self.offsets
            ]
        dearest = max([*pages, *offsets], key=lambda part: part.amount)
        advice = (
            "Ask for the page behind a cursor there, with 'after'."
            if dearest in offsets
            else "Ask for fewer records there, with 'first' for instance."
        )
        names = " > ".join(name for name, _ in dearest.product)
        factors = " x ".join(f"{factor:,}" for _, factor in dearest.product)
        total = "" if len(dearest.product) == 1 else f" = {_shown(dearest.amount)}"
        return QueryTooComplex(
            f"The operation costs {_shown(cost)}, and at most {limit:,} is allowed (FIELDSTONE_MAX_COST or the role's"
            " maxCost). "
            f"Its dearest part is {names}: {factors}{total}. {advice}",
            extensions={"cost": min(cost, LARGEST_SHOWN), "limit": limit, "path": list(dearest.path)},
        )


FREE = Price()


@dataclass(slots=True, kw_only=True)
class Meter:
    """The costs of one operation so far: the records that a mutation answers are known only once they are written."""

    limit: int
    spent: int = 0
    by_root: dict[str, int] = field(default_factory=dict)

    def forget(self) -> None:
        """Begin again: the transaction that was paid for is run once more."""
        self.spent = 0
        self.by_root.clear()

    def pay(self, price: Price, bindings: Bindings, *, times: int = 1) -> None:
        """Add a price, paid for so many records.

        Raises:
            QueryTooComplex: the operation costs more than is allowed.
        """
        price.check(self.limit, bindings, times=times, before=self.spent)
        for root, amount in price.by_root(bindings).items():
            self.by_root[root] = self.by_root.get(root, 0) + times * amount
            self.spent += times * amount


def affordable(price: Price, limit: int, most: int) -> int:
    """Return for how many records, at most `most` and at least one, the price can be paid."""
    return most if limit == 0 or price.fixed == 0 else max(1, min(most, limit // price.fixed))


def limit_offsets(price: Price, limit: int, parameters: ParameterList, *, times: int = 1) -> None:
    """Have the last parameter's binder refuse the requests whose offsets are too dear, paid for so many records."""
    if not price.offsets or limit == 0:
        return
    binder = parameters.binders[-1]

    def bind(bindings: Bindings) -> bytes | None:
        price.check(limit, bindings, times=times)
        return binder(bindings)

    parameters.binders[-1] = bind


def _skipping(skipped: Skipped, bindings: Bindings) -> int:
    return skipped.times * int(skipped.rows(bindings) or 0) // OFFSET_SHARE


def _shown(amount: int) -> str:
    return f"{amount:,}" if amount <= LARGEST_SHOWN else f"more than {LARGEST_SHOWN:,}"
