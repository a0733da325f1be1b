"""The Metadata API for clients of REST: each request is one GraphQL request, or two where the path has a name."""

import re
from collections.abc import Mapping
from functools import partial

from graphql import GraphQLInputObjectType

from fieldstone.engine.documents.suggestions import Suggesting
from fieldstone.engine.errors import BadUserInput, Forbidden, NotFound
from fieldstone.engine.metadata_api.roles.rights import may_ask_for
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.rest.answers import RestAnswer
from fieldstone.engine.rest.errors import rename_inputs
from fieldstone.engine.rest.filter_syntax import read_filter
from fieldstone.engine.rest.metadata.resources import PAGE_PARAMETERS, RESOURCES, Mutation, Resource
from fieldstone.engine.rest.operations import Asked, leave_out_id, read_object
from fieldstone.engine.rest.order_syntax import read_order
from fieldstone.engine.rest.parameters import Parameters
from fieldstone.engine.rest.routes import Action, is_id
from fieldstone.engine.schema.introspection import switched_off
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.principal import Principal

_MOST = 1_000
"""The most items of a page, which is the page of a request that says nothing else."""
_INPUT = re.compile(r"'input(?:\.(?:object|field|role|update)\b)?\.?")


class MetadataRestApi:
    """The objects, fields, webhooks, keys and roles of a workspace for clients of REST.

    Args:
        metadata: the Metadata API, whose rights and checks hold.
        core: the Core API, whose model has the roles.
    """

    def __init__(self, metadata: GraphQLApi, core: GraphQLApi) -> None:
        self._metadata = metadata
        self._core = core

    async def execute(self, principal: Principal, asked: Asked) -> RestAnswer:
        """Return the answer to a request, whose `plural` is the name of the resource.

        Raises:
            ApiError: the request is refused, or fails.
        """
        if asked.sent_key is not None:
            raise BadUserInput("Idempotency-Key is for the writes of records.", field="Idempotency-Key")
        if asked.if_updated_at is not None:
            raise BadUserInput("If-Match is for the writes of records.", field="If-Match")
        resource = RESOURCES[asked.plural]
        if unknown := next((name for name in asked.parameters.names if not _takes(asked.action, name)), None):
            raise BadUserInput(f"There is no parameter '{unknown}' here.", field=unknown)
        match asked.action:
            case Action.FIND_MANY:
                answer = await self._find_page(principal, resource, asked.parameters)
            case Action.FIND_ONE:
                answer = {"data": {resource.one: await self._find(principal, resource, asked.id or "")}}
            case _:
                answer = {"data": await self._write(principal, resource, asked)}
        return RestAnswer(dumps(answer).encode())

    async def describe(self, principal: Principal, root: str) -> bytes:
        """Return the OpenAPI document of all that the principal's role has the settings for.

        Args:
            principal: that of the request.
            root: the path of REST.

        Raises:
            ApiError: the principal may not see it.
        """
        metadata = self._metadata
        if not metadata.compiler.limits.document.introspection:
            raise switched_off()
        # Few servers are asked for it.
        from fieldstone.engine.rest.metadata.open_api import build_metadata_document  # noqa: PLC0415

        async with metadata.slots.held(principal):
            model = await self._core.source.get(principal.workspace_id)
            catalog = (await metadata.look(await metadata.source.get(principal.workspace_id), principal)).view
            may = partial(may_ask_for, model, catalog, principal)
            types = metadata.compiler.schemas.get(catalog)
            return dumps(build_metadata_document(types, may, root, _MOST)).encode()

    async def _find_page(
        self, principal: Principal, resource: Resource, parameters: Parameters
    ) -> dict[str, JsonValue]:
        limit = parameters.number("limit", _MOST)
        count = _MOST if limit is None else limit
        after, before = parameters.cursors
        paging = {"first": count, "after": after} if before is None else {"last": count, "before": before}
        variables: dict[str, JsonValue] = {"paging": paging}
        with Suggesting(allowed=self._metadata.compiler.limits.document.introspection):
            if (text := parameters.text("filter")) is not None:
                variables["filter"] = read_filter(text, await self._input(principal, resource.filter_type))
            if (text := parameters.text("order_by")) is not None:
                variables["orderBy"] = read_order(text, await self._input(principal, resource.order_type))
        page = (await self._ask(principal, resource.page, variables))[resource.many]
        return {
            "data": {resource.many: [edge["node"] for edge in page["edges"]]},
            "pageInfo": page["pageInfo"],
            "totalCount": page["totalCount"],
        }

    async def _input(self, principal: Principal, name: str) -> GraphQLInputObjectType:
        """Return an input type of the Metadata API as the principal sees it; raises Forbidden."""
        metadata = self._metadata
        view = (await metadata.look(await metadata.source.get(principal.workspace_id), principal)).view
        found = metadata.compiler.schemas.get(view).type_map.get(name)
        if not isinstance(found, GraphQLInputObjectType):
            raise Forbidden("The role may not read this.")
        return found

    async def _find(self, principal: Principal, resource: Resource, named: str) -> JsonValue:
        """Return the item that a path names; raises NotFound, or BadUserInput where several have the name."""
        names = ("id",) if is_id(named) else resource.names
        if not names:
            raise BadUserInput(f"The id '{named[:80]}' in the path is not a UUID.", field="id")
        filter_ = {"or": [{name: {"eq": named}} for name in names]}
        found = (await self._ask(principal, resource.few, {"filter": filter_}))[resource.many]["edges"]
        if not found:
            raise NotFound(f"There is nothing at /rest/metadata/{resource.many}/{named[:200]}.", field="id")
        if len(found) > 1:
            raise BadUserInput(f"Several {resource.many} are called '{named[:80]}': give the id.", field="id")
        return found[0]["node"]

    async def _write(self, principal: Principal, resource: Resource, asked: Asked) -> JsonValue:
        mutation = resource.mutations[asked.action]
        variables: dict[str, JsonValue] = {}
        given = read_object(asked.body) if asked.action.has_body else None
        id_ = asked.id
        if id_ is not None and not is_id(id_):
            id_ = (await self._find(principal, resource, id_))["id"]
        if given is not None:
            given = given if id_ is None else leave_out_id(given, id_)
            variables["input"] = {mutation.wraps: given} if mutation.wraps else given
        if id_ is not None:
            _give_id(variables, mutation, id_)
        return await self._ask(principal, mutation.document, variables)

    async def _ask(
        self, principal: Principal, document: str, variables: Mapping[str, JsonValue]
    ) -> Mapping[str, JsonValue]:
        """Return the data of a GraphQL request; raises ApiError, its first one."""
        request = GraphQLRequest(document, None, variables)
        answer = await self._metadata.execute(principal, request, allow_mutation=True)
        if answer.errors:
            error = rename_inputs(answer.errors[0])
            error.message = _INPUT.sub("'", error.message).replace("''", "The body", 1)
            raise error
        data: Mapping[str, JsonValue] = loads(answer.body)["data"]
        return data


def _takes(action: Action, name: str) -> bool:
    return action is Action.FIND_MANY and name in PAGE_PARAMETERS


def _give_id(variables: dict[str, JsonValue], mutation: Mutation, id_: str) -> None:
    if mutation.has_id:
        variables["input"] = {"id": id_, **variables.get("input", {})}
    else:
        variables["id"] = id_
