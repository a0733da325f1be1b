"""The rights of a write: the ways in which its records may be written, as plain frozen data."""

from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Condition, Or
from fieldstone.sql.plan.operands import Parameter


@frozen
class AllowedWay:
    """One way in which a record may be written; where a condition is None or unknown, it is no condition, or not met.

    Attributes:
        rule: the condition on the record as it is.
        check: the condition on the record as it will be; it reads other records as they were before the statement.
    """

    rule: Condition | None = None
    check: Condition | None = None


@frozen
class Rights:
    """The ways of a write: each record needs one whose rule and check it fulfils. None is no way at all.

    Attributes:
        admitted: a text with a 1 at the place of each way that a record's data is admitted by, else a 0: a parameter,
            or the key of it in each element of a write's rows. None: all ways admit the data.
        refuses: whether a record that is meant, but that no rule allows, is a problem; else it is not meant. Records
            that are named by ids always are.
        tells_ways: whether the statement answers the ways that took each record: whose rule held for it as it was,
            that admit its data, and whose check holds for it as it will be.
    """

    ways: tuple[AllowedWay, ...]
    admitted: Parameter | str | None = None
    refuses: bool = False
    tells_ways: bool = False

    @property
    def rule(self) -> Condition:
        """The condition that a record can be written in some way, as it is."""
        rules = [way.rule for way in self.ways]
        return And(terms=()) if None in rules else Or(terms=tuple(rule for rule in rules if rule is not None))

    @property
    def has_rule(self) -> bool:
        """Whether some records cannot be written in any way."""
        return all(way.rule is not None for way in self.ways)

    @property
    def has_check(self) -> bool:
        """Whether more than the rule decides."""
        return (
            not self.ways
            or self.refuses
            or self.admitted is not None
            or any(way.check is not None for way in self.ways)
        )
