"""Webhooks and their deliveries as objects of the catalog's model."""

from fieldstone.metadata.catalog.api_model.notation import catalog_field as _field
from fieldstone.metadata.catalog.api_model.notation import catalog_object as _object
from fieldstone.metadata.field_types import FieldType

# One row a field.
# fmt: off
WEBHOOK = _object("webhook", "webhooks", "webhook_shown",
    "Where events are sent to; its secret was shown when it was made.", (
    _field("id", FieldType.UUID, "The webhook's id."),
    _field("targetUrl", FieldType.TEXT, "Where events are sent, by POST."),
    _field("operations", FieldType.ARRAY, "Which events: person.created, person.*, *.deleted and the like."),
    _field("description", FieldType.TEXT, "Its purpose.", required=False),
    _field("isActive", FieldType.BOOLEAN, "Whether events are sent."),
    _field("failingSince", FieldType.DATE_TIME, "Since when each attempt has failed.", required=False),
    _field("disabledAt", FieldType.DATE_TIME, "When it was disabled because it had failed for too long.",
        required=False),
    _field("disabledReason", FieldType.TEXT, "Why it was disabled.", required=False),
    _field("createdAt", FieldType.DATE_TIME, "When it was made."),
    _field("updatedAt", FieldType.DATE_TIME, "The time of its last change."),
    _field("role", FieldType.TEXT, "The name of the role that its events are for.", required=False),
    _field("claims", FieldType.RAW_JSON, "The values that the rules of its role name."),
    _field("deliveries", FieldType.RELATION, "The events for it, sent and waiting.",
        column="", required=False, relation="webhookDelivery.webhook"),
))

DELIVERY = _object("webhookDelivery", "webhookDeliveries", "webhook_delivery", "An event that a webhook is told of.", (
    _field("id", FieldType.UUID, "The delivery's id, which its body has too."),
    _field("webhook", FieldType.RELATION, "Its webhook.", column="webhook_id", relation="webhookDelivery.webhook"),
    _field("event", FieldType.TEXT, "The event: person.created."),
    _field("position", FieldType.NUMBER, "The event's position in the log.", data_type="bigint"),
    _field("recordId", FieldType.UUID, "The id of the record."),
    _field("status", FieldType.SELECT,
        "Whether it is still to be sent (PENDING), was taken (DELIVERED), or was given up (FAILED).",
        options=("PENDING", "DELIVERED", "FAILED")),
    _field("attempts", FieldType.NUMBER, "How often it was sent.", data_type="int"),
    _field("nextAttemptAt", FieldType.DATE_TIME,
        "From when on it is sent; null where it has ended, or an earlier event of its record is still to be sent.",
        column="due_at", required=False),
    _field("attemptedAt", FieldType.DATE_TIME, "When it was last sent.", required=False),
    _field("finishedAt", FieldType.DATE_TIME, "When it was taken or given up.", required=False),
    _field("responseStatus", FieldType.NUMBER, "The HTTP status of the last answer.",
        required=False, data_type="int"),
    _field("responseBody", FieldType.TEXT, "How the last answer's body begins.", required=False),
    _field("error", FieldType.TEXT, "Why the last attempt failed.", required=False),
    _field("durationMs", FieldType.NUMBER, "How long the last attempt took, in milliseconds.",
        required=False, data_type="int"),
    _field("createdAt", FieldType.DATE_TIME, "When it was made."),
    _field("request", FieldType.TEXT, "The body that is sent, as JSON text, short of its `id`.",
        column="payload"),
    _field("tries", FieldType.RELATION, "Each attempt, in their order.",
        column="", required=False, relation="webhookTry.delivery"),
))

TRY = _object("webhookTry", "webhookTries", "webhook_try", "An attempt at a delivery.", (
    _field("id", FieldType.UUID, "The attempt's id."),
    _field("delivery", FieldType.RELATION, "The delivery.", column="delivery_id", relation="webhookTry.delivery"),
    _field("at", FieldType.DATE_TIME, "When it began."),
    _field("status", FieldType.NUMBER, "The HTTP status of the answer.", required=False, data_type="int"),
    _field("ms", FieldType.NUMBER, "How long it took, in milliseconds.", data_type="int"),
    _field("error", FieldType.TEXT, "Why it failed.", required=False),
    _field("answer", FieldType.TEXT, "How the answer's body begins.", required=False),
))
# fmt: on
