"""Rules of roles become conditions: planned on the whole model, with the principal's values as parameters."""

from dataclasses import replace
from typing import Final

from fieldstone.engine.planner.access.forms import gather
from fieldstone.engine.planner.arguments.trees import Blame, Leaf, Tree
from fieldstone.engine.planner.context import PlanContext, Site
from fieldstone.engine.planner.reads.filters.conditions import filter_condition
from fieldstone.metadata.access.rules import show, store_filter
from fieldstone.metadata.access.stored_keys import claim_of
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.role import Stored, Way
from fieldstone.sql.plan.elements import And, Condition, GuardedColumn, Or

NEVER = Or(terms=())
"""The condition of a rule that this process cannot read: it lets no record through."""


class Rules:
    """Plans the rules of restricted objects."""

    def read(self, context: PlanContext, object_: Object, site: Site) -> Condition | None:
        """Return the condition on the records that the role reads: the rule of any way; None: it reads all of them."""
        return rule_of(context, object_, object_.rights.read, site)

    def guarded(self, context: PlanContext, object_: Object) -> tuple[GuardedColumn, ...]:
        """Return the columns of the fields that the role reads in some of its records only.

        The guard of a field is the rule of any way that has the field.
        """
        found: list[GuardedColumn] = []
        for field_id, shown in object_.guarded.items():
            ways = tuple(way for way in object_.rights.read if way.fields.has(field_id))
            guard = rule_of(context, object_, ways, Site.SCAN) or And(terms=())
            found += [
                GuardedColumn(column=part.column, of=own.column, guard=guard)
                for part, own in zip(shown.parts, object_.by_id[field_id].parts, strict=True)
            ]
        return tuple(found)


RULES: Final = Rules()
"""The planner of rules that requests use."""


def rule_of(context: PlanContext, object_: Object, ways: tuple[Way, ...], site: Site) -> Condition | None:
    """Return the condition that one of the ways' rules holds, None where one of the ways has no rule."""
    terms: list[Condition] = []
    roll_back = context.parameters.savepoint()
    for rule in dict.fromkeys(way.rule for way in ways):
        condition = None if rule is None else plan_rule(context, object_, rule)
        if condition is None:
            # PostgreSQL refuses parameters that nothing names.
            roll_back()
            return None
        terms.append(condition)
    condition = terms[0] if len(terms) == 1 else Or(terms=tuple(terms))
    return gather(condition, context.parameters.claims.values()) if site is Site.SCAN else condition


def plan_rule(context: PlanContext, object_: Object, rule: Stored) -> Condition | None:
    """Return the condition of a rule on an object's records, None where it says nothing.

    A rule sees the whole model and all live records: no rules are applied inside rules. Its values count towards no
    limit of the client's.
    """
    known = context.parameters.rules
    key = (object_.id, rule)
    if key not in known:
        shown = context.shown or context.snapshot
        within = replace(
            context, snapshot=shown.whole, shown=shown, comparisons=0, rules=None, is_rule=True, failures=None
        )
        known[key] = (_plan(within, object_, rule), len(context.parameters.binders))
        context.changes_each = within.changes_each
    return known[key][0]


def _plan(context: PlanContext, object_: Object, rule: Stored) -> Condition | None:
    whole = object_.whole
    try:
        names = show(context.snapshot, rule)
        if store_filter(context.snapshot, whole, names, is_kept=True) != rule:
            return NEVER
    except InvalidChange:
        return NEVER
    return filter_condition(context, whole, stored_tree(names), Blame(field="rule", path=()))


def stored_tree(value: JsonValue) -> Tree:
    """Return the tree of a rule or of presets that are shown in names: its texts `$principal.x` are claims."""
    match value:
        case None:
            return None
        case dict():
            return {name: stored_tree(member) for name, member in value.items()}
        case list():
            return [stored_tree(item) for item in value]
        case _:
            claim = claim_of(value)
            return Leaf(sample=value) if claim is None else Leaf(sample=None, claim=claim)
