"""A statement with the binders of its parameters: what a plan keeps of the planner's work."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.planner.inputs import Binder, Bindings
from sql.compiler import compile_plan
from sql.read_plan import ReadPlan
from sql.statement import Statement
from sql.write_plan import ReadBack, WritePlan

_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\d+)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStatement:
    """A statement and the binders of its parameters in order; `checks` are those of values that it leaves out."""

    statement: Statement
    binders: tuple[Binder, ...]
    checks: tuple[Binder, ...] = ()

    def bind(self, bindings: Bindings) -> list[bytes | None]:
        """Return the parameters' texts for a request."""
        for check in self.checks:
            check(bindings)
        return [binder(bindings) for binder in self.binders]


def compile_bound(plan: ReadPlan | WritePlan | ReadBack, binders: Sequence[Binder]) -> BoundStatement:
    """Compile a plan, without the parameters that its SQL has no use for.

    The cursor of a page of which only the total is asked is one: its value is checked, but not sent.
    """
    statement = compile_plan(plan)
    used: dict[int, int] = {}

    def renumber(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        return f"${used.setdefault(int(match[1]) - 1, len(used)) + 1}"

    text = _TOKEN.sub(renumber, statement.text)
    return BoundStatement(
        statement=Statement(text=text),
        binders=tuple(binders[slot] for slot in used),
        checks=tuple(binder for slot, binder in enumerate(binders) if slot not in used),
    )
