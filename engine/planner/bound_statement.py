"""A statement with the binders of its parameters: the part of the planner's work that a plan keeps."""

from dataclasses import replace
from typing import Self

from fieldstone.engine.planner.arguments.trees import Binder, Bindings, RowBinder
from fieldstone.engine.planner.context import ParameterList
from fieldstone.sql.compiler import Plan, compile_plan
from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import Statement


@frozen
class BoundStatement:
    """A statement and the binders of its parameters, in order; `row` fills those behind the first `lead` ones."""

    statement: Statement
    binders: tuple[Binder, ...]
    row: RowBinder | None = None
    lead: int = 0

    def bind(self, bindings: Bindings) -> list[bytes | None]:
        """Return the parameters' texts for a request."""
        bound = [binder(bindings) for binder in self.binders]
        if self.row is not None:
            bound[self.lead : self.lead] = self.row(bindings)
        return bound

    def unlimited(self) -> Self:
        """Return the statement with an answer of any size; a write may be committed before its answer is measured."""
        return replace(self, statement=self.statement.unlimited())


def compile_bound(plan: Plan, parameters: ParameterList) -> BoundStatement:
    """Compile a plan that has these parameters."""
    return BoundStatement(
        statement=compile_plan(plan, parameters.added),
        binders=tuple(parameters.binders),
        row=parameters.row,
        lead=parameters.lead,
    )
