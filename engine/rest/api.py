"""The API of REST: a projection of the Core API, whose path, plans, limits and rights it has."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from graphql import GraphQLInputType

from fieldstone.engine.documents.suggestions import Suggesting
from fieldstone.engine.errors import (
    ApiError,
    Conflict,
    NotFound,
    QueryTooComplex,
    ServiceUnavailable,
    ValidationFailed,
)
from fieldstone.engine.introspection.deflated import DeflatedText
from fieldstone.engine.planner.writes.meant_records import IF_UPDATED_AT
from fieldstone.engine.request.answer import SHARED_TEXT_RATIO, Answer
from fieldstone.engine.request.path import MOST_NEWER, GraphQLApi
from fieldstone.engine.request.ready import Ready
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.rest.answers import RestAnswer, build_answer, split_cost
from fieldstone.engine.rest.documents import Documents
from fieldstone.engine.rest.errors import PreconditionFailed, rename_inputs
from fieldstone.engine.rest.operations import Asked, Sight, build_operation, find_filter_type
from fieldstone.engine.rest.routes import not_found
from fieldstone.engine.schema.introspection import switched_off, too_large
from fieldstone.metadata.model import Object, Seen, Snapshot
from fieldstone.metadata.roles.principal import Principal

if TYPE_CHECKING:
    from fieldstone.engine.rest.open_api.documents import OpenApiDocuments


class ObjectSight(NamedTuple):
    """An object as a principal sees it, with the most records of a page, and whether its role limits its rate.

    Attributes:
        view: the whole model as the principal sees it.
    """

    object: Object
    largest_page: int
    has_own_rate: bool
    view: Snapshot


class RestApi:
    """The records of a workspace for clients of REST.

    Args:
        core: the Core API.

    Attributes:
        ready: its operations that were asked before.
    """

    def __init__(self, core: GraphQLApi) -> None:
        self.ready = core.ready
        self._core = core
        self._documents = Documents()

    @cached_property
    def _open_api(self) -> "OpenApiDocuments":
        """The OpenAPI documents; their modules are imported at the first request for one."""
        from fieldstone.engine.rest.open_api.documents import OpenApiDocuments  # noqa: PLC0415 - as above

        return OpenApiDocuments()

    async def execute(self, principal: Principal, asked: Asked) -> RestAnswer:
        """Return the answer to a request.

        A request that an older model would refuse is tried again on the newest one, as the Core API does.

        Raises:
            ApiError: the request is refused, or fails.
        """
        source, workspace_id = self._core.source, principal.workspace_id
        current = await source.get(workspace_id)
        for _ in range(MOST_NEWER):
            try:
                object_, request = self._translate(await self._core.look(current, principal), asked)
            except ApiError:
                newest = await source.refresh(workspace_id)
                if newest is current:
                    raise
                current = newest
                continue
            answer = await self._core.execute(principal, request, allow_mutation=True)
            if not answer.errors:
                return _build_answer(asked, object_, answer)
            newest = source.find_current(workspace_id) or current
            if newest is current or not isinstance(answer.errors[0], ValidationFailed):
                raise _describe(answer.errors[0], asked)
            # The document was written for an older model than the one that the Core API has found.
            current = newest
        raise ServiceUnavailable("The model changes all the time: try again in a moment.")

    async def describe(self, principal: Principal, root: str) -> DeflatedText:
        """Return the OpenAPI document of the workspace as the principal sees it; `root` is the path of REST.

        Raises:
            ApiError: the principal may not see it, or it is too large.
        """
        core = self._core
        if core.documents is not None:
            core.documents.require_rest()
        if not core.compiler.limits.document.introspection:
            raise switched_off()
        async with core.slots.held(principal):
            seen = await core.look(await core.source.get(principal.workspace_id), principal)
            records = core.compiler.limits_of(seen.limits).records
            text = await self._open_api.get(
                seen.view, root, largest_page=records.largest_page, default_page=records.default_page
            )
        most = SHARED_TEXT_RATIO * core.compiler.limits.records.response_bytes
        if len(text) > most:
            raise too_large(most)
        return text

    async def see_object(self, principal: Principal, plural: str) -> ObjectSight:
        """Return the object with this plural name as a principal sees it; raises ApiError."""
        source, workspace_id = self._core.source, principal.workspace_id
        current = await source.get(workspace_id)
        try:
            return self._see_object(await self._core.look(current, principal), plural)
        except ApiError:
            newest = await source.refresh(workspace_id)
            if newest is current:
                raise
            return self._see_object(await self._core.look(newest, principal), plural)

    def find_ready(self, principal: Principal, asked: Asked) -> Ready | None:
        """Return a read whose plan for this shape is cached; None if the whole path has to be taken."""
        seen = self.ready.see(principal)
        if seen is None:
            return None
        try:
            _, request = self._translate(seen, asked)
        except ApiError:
            return None
        return self.ready.find(principal, request, request.variables)

    def find_filter_type(self, seen: Seen, plural: str, names: Sequence[str]) -> GraphQLInputType:
        """Return the type of the value that these names lead to in the filter of an object; raises ApiError."""
        return find_filter_type(_find_object(seen.view, plural), self._core.compiler.schemas.get(seen.view), names)

    def _see_object(self, seen: Seen, plural: str) -> ObjectSight:
        largest = self._core.compiler.limits_of(seen.limits).records.largest_page
        return ObjectSight(_find_object(seen.view, plural), largest, seen.limits.rate is not None, seen.view)

    def _translate(self, seen: Seen, asked: Asked) -> tuple[Object, GraphQLRequest]:
        """Return the object of a request, and the GraphQL request that it is; raises ApiError."""
        core, view = self._core, seen.view
        object_ = _find_object(view, asked.plural)
        records = core.compiler.limits_of(seen.limits).records
        sight = Sight(
            view=view,
            schema=core.compiler.schemas.get(view),
            largest_page=records.largest_page,
            default_page=records.default_page,
        )
        with Suggesting(allowed=core.compiler.limits.document.introspection):
            return object_, build_operation(asked, object_, sight, self._documents)


def _find_object(view: Snapshot, plural: str) -> Object:
    object_ = view.by_plural.get(plural)
    if object_ is None:
        meant = view.by_singular.get(plural)
        raise not_found(plural, f": do you mean /rest/{meant.name_plural}?" if meant else "")
    return object_


def _build_answer(asked: Asked, object_: Object, answer: Answer) -> RestAnswer:
    """Return the answer that a GraphQL answer without errors is; raises NotFound."""
    data, end = split_cost(answer.body, tells_cost=asked.tells_cost)
    built = build_answer(asked.action, data, end)
    if built is None:
        raise NotFound(f"There is no {object_.label_singular} with the id {asked.id}.", field="id")
    return built


def _describe(error: ApiError, asked: Asked) -> ApiError:
    """Return the error that a client of REST is sent for an error of its GraphQL request."""
    if isinstance(error, Conflict) and error.field == IF_UPDATED_AT and asked.if_updated_at is not None:
        message = error.message.replace(f"'{IF_UPDATED_AT}'", "the header If-Match")
        return PreconditionFailed(message, field="If-Match", extensions=error.extensions)
    renamed = rename_inputs(error)
    # One that blames an input is about that, however few records are asked for.
    if isinstance(error, QueryTooComplex) and error.field is None:
        renamed.message += " In REST, a smaller 'limit' or 'depth' asks for less."
    return renamed
