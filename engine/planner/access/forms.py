"""The forms of a rule's conditions: which related rows are gathered once for all rows at hand."""

from collections.abc import Collection
from dataclasses import replace

from fieldstone.engine.planner.reads.sampling import is_anchored
from fieldstone.sql.plan.elements import (
    And,
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
            return replace(condition, condition=gather(condition.condition, claims), finding=Finding.GATHERED)
        case _:
            return condition
