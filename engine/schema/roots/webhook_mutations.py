"""The mutations of webhooks, with the types that only they use."""

from typing import Final

from graphql import GraphQLBoolean, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLString

from fieldstone.engine.schema.roots.mutation_notation import mutation as _mutation
from fieldstone.engine.schema.scope import FieldBuilders
from fieldstone.engine.schema.values.notation import (
    COUNT,
    DATE_TIME,
    FLAG,
    JSON,
    TEXT,
    UUID,
    fixed,
    input_type_of,
    root_field,
    type_of,
)

_TEXTS = GraphQLList(TEXT)
_OPERATIONS = "The events that it waits for: `person.created`, `person.*`, `*.deleted` or `*.*`, for instance."
_ROLE = "The name of the role that its events are for"
_CLAIMS = 'The values that the rules of its role name, as `{ userId: ".." }`.'
_SECRET = "The key that signs the events."  # noqa: S105 - a description


_CREATE_INPUT = input_type_of(
    "CreateWebhookInput",
    "A webhook to create. It gets the events from then on.",
    {
        "targetUrl": (TEXT, "Where events are sent, by POST: an http or https URL of a public host."),
        "operations": (GraphQLNonNull(_TEXTS), _OPERATIONS),
        "description": (GraphQLString, "Its purpose."),
        "secret": (GraphQLString, f"{_SECRET} One is made where it is left out."),
        "role": (GraphQLString, f"{_ROLE}; the role of this request where it is left out."),
        "claims": (JSON, _CLAIMS),
    },
)

_UPDATE_INPUT = input_type_of(
    "UpdateWebhookInput",
    "New values of a webhook; a member that is left out keeps its value.",
    {
        "targetUrl": (GraphQLString, "Where events are sent."),
        "operations": (_TEXTS, f"{_OPERATIONS} The whole list."),
        "description": (GraphQLString, "Its purpose; null for none."),
        "secret": (GraphQLString, f"A new secret. {_SECRET}"),
        "isActive": (GraphQLBoolean, "False: it gets none of the events meanwhile. True: waiting events are sent."),
        "role": (GraphQLString, f"{_ROLE}."),
        "claims": (JSON, f"{_CLAIMS} All of them."),
    },
)

_CREATED = type_of(
    "CreatedWebhook",
    "A new webhook with its secret.",
    {
        "id": (GraphQLNonNull(UUID), "The webhook's id."),
        "targetUrl": (TEXT, "Where events are sent."),
        "operations": (GraphQLNonNull(GraphQLList(TEXT)), "The events that it waits for."),
        "description": (GraphQLString, "Its purpose."),
        "secret": (TEXT, "The key that signs the events; it is shown this once."),
        "isActive": (FLAG, "Whether events are sent."),
        "role": (GraphQLString, f"{_ROLE}."),
        "createdAt": (GraphQLNonNull(DATE_TIME), "When it was made."),
        "updatedAt": (GraphQLNonNull(DATE_TIME), "The time of its last change."),
    },
)

_TEST = type_of(
    "WebhookTest",
    "The outcome of a test event.",
    {
        "succeeded": (FLAG, "Whether the target answered with success."),
        "responseStatus": (GraphQLInt, "The HTTP status of its answer; null for none."),
        "responseBody": (GraphQLString, "The beginning of the answer's body."),
        "error": (GraphQLString, "The reason of its failure; null for a success."),
        "durationMs": (COUNT, "Its duration in milliseconds."),
    },
)


WEBHOOK_TYPES: Final = fixed(_CREATE_INPUT, _UPDATE_INPUT, _CREATED, _TEST)
"""The types that only these mutations use."""


WEBHOOK_FIELDS: FieldBuilders = {
    "createWebhook": _mutation(_CREATED.name, "Creates a webhook and shows its secret.", input_name=_CREATE_INPUT.name),
    "updateWebhook": _mutation(
        "Webhook", "Changes a webhook; one that was disabled is tried again.", by_id=True, input_name=_UPDATE_INPUT.name
    ),
    "deleteWebhook": _mutation("Webhook", "Deletes a webhook with its deliveries; answers as it was.", by_id=True),
    "testWebhook": _mutation(
        _TEST.name, "Sends a signed test event, `webhook.test`, and answers with the outcome.", by_id=True
    ),
    "redeliver": _mutation("WebhookDelivery", "Sends a delivery again, from the start if it was given up.", by_id=True),
    "redeliverFailed": root_field(
        COUNT,
        "Sends the oldest 10,000 given up deliveries of a webhook again; answers with their number.",
        {"webhookId": (GraphQLNonNull(UUID), "The webhook's id.")},
    ),
}
"""The root fields of these mutations; the snapshot must have `webhook` and `webhookDelivery`."""
