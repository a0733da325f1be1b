"""The resources of the Metadata API that REST has, each with its GraphQL operations."""

from collections.abc import Mapping

from fieldstone.engine.rest.routes import Action
from fieldstone.engine.rest.selection import PAGE_INFO
from fieldstone.metadata.api_names import TypeRole
from fieldstone.sql.frozen import frozen

PAGE_PARAMETERS = ("filter", "order_by", "limit", "starting_after", "ending_before")
"""The parameters of a page."""

_RELATION = "id type sourceObjectId sourceFieldId targetObjectId targetFieldId"
_FIELD = (
    "id objectMetadataId name label type description icon position defaultValue options settings isActive isNullable"
    " isUnique isCustom isSystem status createdAt updatedAt"
    f" relation{{{_RELATION}}}"
)
_OBJECT = (
    "id nameSingular namePlural labelSingular labelPlural description icon position isCustom isSystem isActive"
    f" duplicateCriteria labelFields createdAt updatedAt fields:fieldsList{{{_FIELD}}}"
)
_WEBHOOK = "id targetUrl operations description isActive role claims createdAt updatedAt"
_API_KEY = "id name role claims networks createdAt expiresAt revokedAt lastUsedAt"
_ROLE = "id name label description parents claims limits settings grants isSystem createdAt updatedAt"


@frozen
class Mutation:
    """A mutation of a resource.

    Attributes:
        arguments: with their variables, which are `$id` and `$input`.
        declared: the declarations of the variables.
        selection: that of its answer.
        wraps: the member of the input that the body of a request is; "" if it is the input itself.
        has_id: whether the id is a member of the input, beside the body.
    """

    name: str
    declared: str
    arguments: str
    selection: str
    wraps: str = ""
    has_id: bool = False

    @property
    def document(self) -> str:
        """The document of the mutation."""
        return f"mutation({self.declared}){{{self.name}({self.arguments}){{{self.selection}}}}}"


@frozen
class Resource:
    """A resource.

    Attributes:
        one, many: the root fields, which are the keys of answers as well.
        type: the GraphQL type.
        names: the fields that a path may name one of them by, beside its id.
        mutations: those that it has.
    """

    one: str
    many: str
    type: str
    selection: str
    names: tuple[str, ...] = ()
    mutations: Mapping[Action, Mutation]

    @property
    def filter_type(self) -> str:
        """The name of the type of its filters."""
        return f"{self.type}{TypeRole.FILTER.value}"

    @property
    def order_type(self) -> str:
        """The name of the type of its orders."""
        return f"{self.type}{TypeRole.ORDER_BY.value}"

    @property
    def page(self) -> str:
        """The document of a page."""
        declared = f"$filter:{self.filter_type},$orderBy:[{self.order_type}],$paging:CursorPaging"
        given = "filter:$filter,orderBy:$orderBy,paging:$paging"
        page = f"edges{{node{{{self.selection}}}}}{PAGE_INFO}totalCount"
        return f"query({declared}){{{self.many}({given}){{{page}}}}}"

    @property
    def few(self) -> str:
        """The document of the first two under a filter: whole, and without their number."""
        declared = f"$filter:{self.filter_type}"
        return (
            f"query({declared}){{{self.many}(filter:$filter,paging:{{first:2}}){{edges{{node{{{self.selection}}}}}}}}}"
        )


def _one_spelling(type_: str, selection: str) -> Mapping[Action, Mutation]:
    """Return the mutations of a type that has Twenty's spelling of them."""
    member = type_.lower()

    def mutation(verb: str, selection: str, *, wraps: str, has_id: bool) -> Mutation:
        name = f"{verb}One{type_}"
        declared = f"$input:{name[0].upper()}{name[1:]}Input!"
        arguments = "input:$input"
        return Mutation(
            name=name, declared=declared, arguments=arguments, selection=selection, wraps=wraps, has_id=has_id
        )

    return {
        Action.CREATE: mutation("create", selection, wraps=member, has_id=False),
        Action.UPDATE_ONE: mutation("update", selection, wraps="update", has_id=True),
        Action.DELETE_ONE: mutation("delete", "id", wraps="", has_id=True),
    }


def _by_id(name: str) -> Mutation:
    return Mutation(name=name, declared="$id:UUID!", arguments="id:$id", selection="id")


RESOURCES: Mapping[str, Resource] = {
    "objects": Resource(
        one="object",
        many="objects",
        type="Object",
        selection=_OBJECT,
        names=("nameSingular", "namePlural"),
        mutations=_one_spelling("Object", _OBJECT),
    ),
    "fields": Resource(
        one="field",
        many="fields",
        type="Field",
        selection=_FIELD,
        names=("name",),
        mutations=_one_spelling("Field", _FIELD),
    ),
    # A relation is made, changed and deleted with the field at its many end.
    "relations": Resource(one="relation", many="relations", type="Relation", selection=_RELATION, mutations={}),
    "webhooks": Resource(
        one="webhook",
        many="webhooks",
        type="Webhook",
        selection=_WEBHOOK,
        mutations={
            Action.CREATE: Mutation(
                name="createWebhook",
                declared="$input:CreateWebhookInput!",
                arguments="input:$input",
                selection="id targetUrl operations description secret isActive role createdAt updatedAt",
            ),
            Action.UPDATE_ONE: Mutation(
                name="updateWebhook",
                declared="$id:UUID!,$input:UpdateWebhookInput!",
                arguments="id:$id,input:$input",
                selection=_WEBHOOK,
            ),
            Action.DELETE_ONE: _by_id("deleteWebhook"),
        },
    ),
    "apiKeys": Resource(
        one="apiKey",
        many="apiKeys",
        type="ApiKey",
        selection=_API_KEY,
        names=("name",),
        mutations={
            Action.CREATE: Mutation(
                name="createApiKey",
                declared="$input:CreateApiKeyInput!",
                arguments="input:$input",
                selection="id name token role networks createdAt expiresAt",
            ),
            Action.DELETE_ONE: _by_id("revokeApiKey"),
        },
    ),
    "roles": Resource(
        one="role",
        many="roles",
        type="Role",
        selection=_ROLE,
        names=("name",),
        mutations=_one_spelling("Role", _ROLE),
    ),
}
"""The resources by their paths behind `/rest/metadata/`."""


def find_methods(resource: str, *, of_one: bool) -> Mapping[str, Action]:
    """Return the methods of a resource, or of one of them, with their actions."""
    mutations = RESOURCES[resource].mutations
    if not of_one:
        creates = {"POST": Action.CREATE} if Action.CREATE in mutations else {}
        return {"GET": Action.FIND_MANY} | creates
    found = {"GET": Action.FIND_ONE}
    if Action.UPDATE_ONE in mutations:
        found |= {"PATCH": Action.UPDATE_ONE, "PUT": Action.UPDATE_ONE}
    return found | ({"DELETE": Action.DELETE_ONE} if Action.DELETE_ONE in mutations else {})
