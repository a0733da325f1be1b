"""The rules of a role in the definition of a SQL view, compiled by the functions that plan requests."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.engine.planner.access.rules import RULES
from fieldstone.engine.planner.arguments.trees import Binder, Bindings
from fieldstone.engine.planner.context import ParameterList, PlanContext, RecordLimits, Site
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.sql_views.rules import RowRules
from fieldstone.sql.compiler.filters import compile_condition
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.plan.operands import Constant
from fieldstone.sql.types import SqlType


@dataclass(slots=True, kw_only=True)
class _Constants(ParameterList):
    """The parameters of a statement that takes none: each has its value at once."""

    values: Bindings

    def add(self, binder: Binder, sql_type: SqlType, *, array: bool = False) -> Constant:
        text = binder(self.values)
        if text is None or b"\0" in text:
            # No rule compares with NULL, and no text of PostgreSQL has the character NUL.
            raise BadUserInput("A value of a rule is not one that PostgreSQL can compare.")
        self.binders.append(binder)
        return Constant(slot=len(self.binders) - 1, type=sql_type, array=array, text=text.decode())


def compile_view_rules(model: Snapshot, object_: Object, values: Mapping[str, JsonValue]) -> RowRules | None:
    """Return the rules on the records of an object and on their guarded columns, as a role's view of the model has it.

    The text does not depend on the indexes that there are, so that it changes with the model alone.

    Args:
        model: the role's view of the model, or the whole model.
        object_: the object with the ways that count.
        values: the principal's values, all that the rules name.

    Returns:
        None if a value does not fit into its place in a rule, as a pattern that ends in a backslash.
    """
    bindings = Bindings(variables={}, actor="", claims=values)
    context = PlanContext(
        snapshot=replace(model.whole, indexes={}),
        operation=parse_operation("{ __typename }", None, DocumentLimits()),
        variables={},
        limits=RecordLimits(),
        parameters=_Constants(values=bindings),
        rules=RULES,
    )
    try:
        rule = RULES.read(context, object_, Site.SCAN)
        guarded = RULES.guarded(context, object_)
    except ApiError:
        return None
    draft = StatementDraft()
    row = RowReference(alias=draft.alias())
    return RowRules(
        alias=row.alias,
        rows=None if rule is None else compile_condition(rule, row, draft).text,
        guards={one.of.name: compile_condition(one.guard, row, draft).text for one in guarded},
    )
