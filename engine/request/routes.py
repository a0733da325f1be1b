"""The routes: operations as a principal has asked for them, found again without a look at the model or the plans.

Nearly all requests repeat a body. Its operation, and the plan for a shape of its variables, stay the same until the
model or the rights of the principal change, and then the principal sees another instance of the model. So a route is
found by two identities: that of the request without its variables, and that of the model as the principal sees it.
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import field
from typing import Final

from graphql import GraphQLSchema

from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.writes.nested.certain import CertainCreate
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import AnyOperation
from fieldstone.metadata.model import Seen
from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import Row

_MOST: Final = 4_096
_MOST_RUNS: Final = 64


@frozen
class Run:
    """The only statement of a plan.

    Attributes:
        shape: the one that the operation has the plan by.
        tell: returns the data that the statement's row means; None if the error has to be found out.
        writes: whether the statement changes anything.
    """

    shape: Hashable
    bound: BoundStatement | CertainCreate
    tell: Callable[[Row], bytes | None]
    writes: bool


@frozen
class Route:
    """All that is the same for the requests of a principal with one body but for their variables.

    Attributes:
        seen: the model as the principal sees it.
        request: the body's request, whose variables do not matter.
        document: the request with its document's text.
        runs: by the shapes of the variables; the limits of the role are those of `seen`.
    """

    seen: Seen
    request: GraphQLRequest
    document: GraphQLRequest
    operation: AnyOperation
    schema: GraphQLSchema
    runs: dict[Hashable, Run] = field(default_factory=dict)

    def keep(self, shape: Hashable, run: Run) -> None:
        """Keep the run for a shape."""
        if len(self.runs) < _MOST_RUNS:
            self.runs[shape] = run


class Routes:
    """The known routes of an API, which are forgotten all together."""

    def __init__(self) -> None:
        # A route keeps the two objects alive whose identities are its key.
        self._known: dict[tuple[int, int], Route] = {}

    def find(self, seen: Seen, request: GraphQLRequest) -> Route | None:
        """Return the route of a request, if it is known."""
        return self._known.get((id(seen), id(request)))

    def keep(self, route: Route) -> None:
        """Keep a route."""
        self._known[id(route.seen), id(route.request)] = route

    @property
    def are_too_many(self) -> bool:
        """Whether routes are to be forgotten before another one is kept."""
        return len(self._known) >= _MOST

    def forget(self) -> Iterable[Route]:
        """Forget all routes, and return them."""
        known, self._known = self._known, {}
        return known.values()
