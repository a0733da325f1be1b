"""The forms of a rule's conditions: which related rows are gathered once for all rows at hand."""

from collections.abc import Collection
from dataclasses import replace

from fieldstone.sql.plan.elements import (
    Among,
    And,
    Compare,
    Comparison,
    Condition,
    Finding,
    HasLinked,
    Or,
    Related,
)
from fieldstone.sql.plan.operands import Parameter


def gather(condition: Condition, claims: Collection[Parameter]) -> Condition:
    """Return the condition with its anchored relations gathered.

    In an OR PostgreSQL makes no join of them: it would ask for each row of the table. A relation that is not anchored
    may lead to most of a table, whose keys are not gathered.
    """
    match condition:
        case And(terms=terms):
            return And(terms=tuple([gather(term, claims) for term in terms]))
        case Or(terms=terms):
            return Or(terms=tuple([gather(term, claims) for term in terms]))
        case Related() | HasLinked(negated=False) if is_anchored(condition, claims):
            return replace(condition, finding=Finding.GATHERED)
        case _:
            return condition


def is_anchored(condition: Condition, claims: Collection[Parameter]) -> bool:
    """Return whether few rows fulfil the condition: those that have a principal's value, or are related to such."""
    match condition:
        case And(terms=terms):
            return any(is_anchored(term, claims) for term in terms)
        case Or(terms=terms):
            return bool(terms) and all(is_anchored(term, claims) for term in terms)
        case Compare(comparison=Comparison.EQ, right=Parameter() as value) | Among(negated=False, values=value):
            return value in claims
        case Related(condition=term) | HasLinked(negated=False, condition=term):
            return is_anchored(term, claims)
        case _:
            return False
