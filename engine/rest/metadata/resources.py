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
        selection: that of its answer.
        input: the type of its input; "" if it takes none.
        takes_id: whether it takes the id beside its input.
        wraps: the member of the input that the body of a request is; "" if it is the input itself.
        has_id: whether the id is a member of the input, beside the body.
    """

    name: str
    selection: str = "id"
    input: str = ""
    takes_id: bool = False
    wraps: str = ""
    has_id: bool = False

    @property
    def document(self) -> str:
        """The document of the mutation, whose variables are `$id` and `$input`."""
        taken = {"id": "UUID"} if self.takes_id else {}
        if self.input:
            taken["input"] = self.input
        declared = ",".join(f"${name}:{type_}!" for name, type_ in taken.items())
        arguments = ",".join(f"{name}:${name}" for name in taken)
        return f"mutation({declared}){{{self.name}({arguments}){{{self.selection}}}}}"


@frozen
class Resource:
    """A resource.

    Attributes:
        type: the GraphQL type.
        names: the fields that a path may name one of them by, beside its id.
        mutations: those that it has.
    """

    type: str
    selection: str
    names: tuple[str, ...] = ()
    mutations: Mapping[Action, Mutation]

    @property
    def one(self) -> str:
        """The root field of one of them, which is the key of an answer as well."""
        return f"{self.type[0].lower()}{self.type[1:]}"

    @property
    def many(self) -> str:
        """The root field of a page, which is the key of an answer as well."""
        return f"{self.one}s"

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
    create, update, delete = (f"{verb}One{type_}" for verb in ("Create", "Update", "Delete"))

    def mutation(name: str, selection: str, *, wraps: str, has_id: bool = True) -> Mutation:
        spelled = f"{name[0].lower()}{name[1:]}"
        return Mutation(name=spelled, selection=selection, input=f"{name}Input", wraps=wraps, has_id=has_id)

    return {
        Action.CREATE: mutation(create, selection, wraps=type_.lower(), has_id=False),
        Action.UPDATE_ONE: mutation(update, selection, wraps="update"),
        Action.DELETE_ONE: mutation(delete, "id", wraps=""),
    }


_CREATED_WEBHOOK = "id targetUrl operations description secret isActive role createdAt updatedAt"
_CREATED_API_KEY = "id name token role networks createdAt expiresAt"
RESOURCES: Mapping[str, Resource] = {
    "objects": Resource(
        type="Object",
        selection=_OBJECT,
        names=("nameSingular", "namePlural"),
        mutations=_one_spelling("Object", _OBJECT),
    ),
    "fields": Resource(type="Field", selection=_FIELD, names=("name",), mutations=_one_spelling("Field", _FIELD)),
    # A relation is made, changed and deleted with the field at its many end.
    "relations": Resource(type="Relation", selection=_RELATION, mutations={}),
    "webhooks": Resource(
        type="Webhook",
        selection=_WEBHOOK,
        mutations={
            Action.CREATE: Mutation(name="createWebhook", selection=_CREATED_WEBHOOK, input="CreateWebhookInput"),
            Action.UPDATE_ONE: Mutation(
                name="updateWebhook", selection=_WEBHOOK, input="UpdateWebhookInput", takes_id=True
            ),
            Action.DELETE_ONE: Mutation(name="deleteWebhook", takes_id=True),
        },
    ),
    "apiKeys": Resource(
        type="ApiKey",
        selection=_API_KEY,
        names=("name",),
        mutations={
            Action.CREATE: Mutation(name="createApiKey", selection=_CREATED_API_KEY, input="CreateApiKeyInput"),
            Action.DELETE_ONE: Mutation(name="revokeApiKey", takes_id=True),
        },
    ),
    "roles": Resource(type="Role", selection=_ROLE, names=("name",), mutations=_one_spelling("Role", _ROLE)),
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
