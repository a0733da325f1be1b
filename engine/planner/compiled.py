"""A statement with the binders of its parameters: what a plan keeps of the planner's work."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.planner.inputs import Binder, Bindings
from sql.compiler import compile_plan
from sql.read_plan import ReadPlan
from sql.statement import Statement
from sql.write_plan import ReadBack, WritePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStatement:
    """A statement and the binders of its parameters, in order."""

    statement: Statement
    binders: tuple[Binder, ...]

    def bind(self, bindings: Bindings) -> list[bytes | None]:
        """Return the parameters' texts for a request."""
        return [binder(bindings) for binder in self.binders]


def compile_bound(plan: ReadPlan | WritePlan | ReadBack, binders: Sequence[Binder]) -> BoundStatement:
    """Compile a plan; the binders are those of its parameters' slots."""
    return BoundStatement(statement=compile_plan(plan), binders=tuple(binders))
