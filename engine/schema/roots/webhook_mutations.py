"""The mutations of webhooks, with the types that only they use."""

from collections.abc import Callable, Mapping

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.notation import DATE_TIME, JSON, TEXT, UUID
from fieldstone.engine.schema.roots.mutation_notation import input_member as _member
from fieldstone.engine.schema.roots.mutation_notation import mutation as _mutation
from fieldstone.engine.schema.scope import TypeScope

_TEXTS = GraphQLList(TEXT)
_OPERATIONS = "The events that it waits for: `person.created`, `person.*`, `*.deleted` or `*.*`, for instance."
_ROLE = "The name of the role that its events are for"
_CLAIMS = 'The values that the rules of its role name, as `{ userId: ".." }`.'
_SECRET = "The key that signs the events."  # noqa: S105 - a description


_CREATE_INPUT = GraphQLInputObjectType(
    "CreateWebhookInput",
    {
        "targetUrl": _member(TEXT, "Where events are sent, by POST: an http or https URL of a public host."),
        "operations": _member(GraphQLNonNull(_TEXTS), _OPERATIONS),
        "description": _member(GraphQLString, "Its purpose."),
        "secret": _member(GraphQLString, f"{_SECRET} One is made where it is left out."),
        "role": _member(GraphQLString, f"{_ROLE}; the role of this request where it is left out."),
        "claims": _member(JSON, _CLAIMS),
    },
    description="A webhook to create. It gets the events from then on.",
)

_UPDATE_INPUT = GraphQLInputObjectType(
    "UpdateWebhookInput",
    {
        "targetUrl": _member(GraphQLString, "Where events are sent."),
        "operations": _member(_TEXTS, f"{_OPERATIONS} The whole list."),
        "description": _member(GraphQLString, "Its purpose; null for none."),
        "secret": _member(GraphQLString, f"A new secret. {_SECRET}"),
        "isActive": _member(
            GraphQLBoolean, "False: it gets none of the events meanwhile. True: waiting events are sent."
        ),
        "role": _member(GraphQLString, f"{_ROLE}."),
        "claims": _member(JSON, f"{_CLAIMS} All of them."),
    },
    description="New values of a webhook; a member that is left out keeps its value.",
)

_CREATED = GraphQLObjectType(
    "CreatedWebhook",
    {
        "id": GraphQLField(GraphQLNonNull(UUID), description="The webhook's id."),
        "targetUrl": GraphQLField(TEXT, description="Where events are sent."),
        "operations": GraphQLField(GraphQLNonNull(GraphQLList(TEXT)), description="The events that it waits for."),
        "description": GraphQLField(GraphQLString, description="Its purpose."),
        "secret": GraphQLField(TEXT, description="The key that signs the events; it is shown this once."),
        "isActive": GraphQLField(GraphQLNonNull(GraphQLBoolean), description="Whether events are sent."),
        "role": GraphQLField(GraphQLString, description=f"{_ROLE}."),
        "createdAt": GraphQLField(GraphQLNonNull(DATE_TIME), description="When it was made."),
        "updatedAt": GraphQLField(GraphQLNonNull(DATE_TIME), description="The time of its last change."),
    },
    description="A new webhook with its secret.",
)

_TEST = GraphQLObjectType(
    "WebhookTest",
    {
        "succeeded": GraphQLField(
            GraphQLNonNull(GraphQLBoolean), description="Whether the target answered with success."
        ),
        "responseStatus": GraphQLField(GraphQLInt, description="The HTTP status of its answer; null for none."),
        "responseBody": GraphQLField(GraphQLString, description="The beginning of the answer's body."),
        "error": GraphQLField(GraphQLString, description="The reason of its failure; null for a success."),
        "durationMs": GraphQLField(GraphQLNonNull(GraphQLInt), description="Its duration in milliseconds."),
    },
    description="The outcome of a test event.",
)


def _redeliver_failed(_scope: TypeScope) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(GraphQLInt),
        args={"webhookId": GraphQLArgument(GraphQLNonNull(UUID), description="The webhook's id.")},
        description="Sends the oldest 10,000 given up deliveries of a webhook again; answers with their number.",
    )


WEBHOOK_TYPES: Mapping[str, Callable[[TypeScope], GraphQLInputObjectType | GraphQLObjectType]] = {
    _CREATE_INPUT.name: lambda _: _CREATE_INPUT,
    _UPDATE_INPUT.name: lambda _: _UPDATE_INPUT,
    _CREATED.name: lambda _: _CREATED,
    _TEST.name: lambda _: _TEST,
}
"""The types that only these mutations use."""


WEBHOOK_FIELDS: Mapping[str, Callable[[TypeScope], GraphQLField]] = {
    "createWebhook": _mutation(_CREATED.name, "Creates a webhook and shows its secret.", input_name=_CREATE_INPUT.name),
    "updateWebhook": _mutation(
        "Webhook", "Changes a webhook; one that was disabled is tried again.", by_id=True, input_name=_UPDATE_INPUT.name
    ),
    "deleteWebhook": _mutation("Webhook", "Deletes a webhook with its deliveries; answers as it was.", by_id=True),
    "testWebhook": _mutation(
        _TEST.name, "Sends a signed test event, `webhook.test`, and answers with the outcome.", by_id=True
    ),
    "redeliver": _mutation("WebhookDelivery", "Sends a delivery again, from the start if it was given up.", by_id=True),
    "redeliverFailed": _redeliver_failed,
}
"""The root fields of these mutations; the snapshot must have `webhook` and `webhookDelivery`."""
