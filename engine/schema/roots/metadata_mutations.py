"""The mutations of the Metadata API, with the inputs that only they take."""

from graphql import GraphQLBoolean, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLString

from fieldstone.engine.schema.roots.activity.events import EVENT_QUERIES, EVENT_TYPES
from fieldstone.engine.schema.roots.activity.processes import PROCESS_QUERIES, PROCESS_TYPES
from fieldstone.engine.schema.roots.document_mutations import DOCUMENT_FIELDS, DOCUMENT_QUERIES, DOCUMENT_TYPES
from fieldstone.engine.schema.roots.metadata_changes import CHANGE_FIELDS, CHANGE_TYPES
from fieldstone.engine.schema.roots.model_facts import MODEL_FACT_TYPES, MODEL_FACTS, MODEL_SUBSCRIPTIONS
from fieldstone.engine.schema.roots.model_plans import PLAN_QUERIES
from fieldstone.engine.schema.roots.mutation_notation import mutation
from fieldstone.engine.schema.roots.principals import PRINCIPAL_QUERIES, PRINCIPAL_TYPES
from fieldstone.engine.schema.roots.saved_views.fields import VIEW_FIELDS, VIEW_QUERIES, VIEW_TYPES
from fieldstone.engine.schema.roots.token_mutations import TOKEN_FIELDS, TOKEN_QUERIES, TOKEN_TYPES
from fieldstone.engine.schema.roots.twenty_names import BOOLEAN_FILTER, OTHER_NAMES, UNLISTED_TYPES
from fieldstone.engine.schema.roots.webhook_mutations import WEBHOOK_FIELDS, WEBHOOK_TYPES
from fieldstone.engine.schema.scope import MutationSet, TypeBuilders
from fieldstone.engine.schema.values.notation import (
    DATE_TIME,
    JSON,
    TEXT,
    UUID,
    field_of,
    fixed,
    input_type_of,
    root_field,
    type_of,
)
from fieldstone.metadata.workspaces.lifetimes import LONGEST_OVERLAP

_CREATE_API_KEY_INPUT = input_type_of(
    "CreateApiKeyInput",
    "An API key to create.",
    {
        "name": (TEXT, "The key's purpose; events name it as their actor."),
        "expiresAt": (DATE_TIME, "When the key ceases to be valid; never where it is left out."),
        "networks": (
            GraphQLList(TEXT),
            "The networks that it may be used from, such as 203.0.113.0/24; all where it is left out.",
        ),
        "role": (GraphQLString, "The name of its role; the role of this request where it is left out."),
        "claims": (JSON, 'The values that the rules of its role name, as `{ userId: ".." }`.'),
    },
)

_CREATED_API_KEY = type_of(
    "CreatedApiKey",
    "A new API key with its token.",
    {
        "id": (GraphQLNonNull(UUID), "The key's id."),
        "name": (TEXT, "The key's purpose."),
        "token": (TEXT, "The key itself, shown this once."),
        "role": (GraphQLString, "The name of the key's role."),
        "expiresAt": (DATE_TIME, "When the key ceases to be valid, null for never."),
        "networks": (GraphQLNonNull(GraphQLList(TEXT)), "The networks that it may be used from, [] for all."),
        "createdAt": (GraphQLNonNull(DATE_TIME), "When the key was created."),
    },
)

_TYPES: TypeBuilders = {
    **fixed(_CREATE_API_KEY_INPUT, _CREATED_API_KEY),
    **CHANGE_TYPES,
    **PRINCIPAL_TYPES,
    **PROCESS_TYPES,
    **EVENT_TYPES,
    **MODEL_FACT_TYPES,
    **DOCUMENT_TYPES,
    **TOKEN_TYPES,
    **VIEW_TYPES,
    **WEBHOOK_TYPES,
    **fixed(BOOLEAN_FILTER),
}

_OVERLAP = f"For as long the token before is valid too, at most {LONGEST_OVERLAP}; not at all where it is left out."


METADATA_MUTATIONS = MutationSet(
    fields={
        **CHANGE_FIELDS,
        "createApiKey": mutation(
            _CREATED_API_KEY.name,
            "Creates an API key and shows its token.",
            input_name=_CREATE_API_KEY_INPUT.name,
            input_description="The values of the new key.",
        ),
        "revokeApiKey": lambda scope: field_of(
            GraphQLNonNull(scope.object_type("ApiKey")),
            "Revokes an API key: no request that carries it is served any more.",
            {
                "id": (GraphQLNonNull(UUID), "The key's id."),
                "withMade": (
                    GraphQLBoolean,
                    "True: the keys that it has made are revoked too, and those that they have made.",
                ),
            },
        ),
        "rotateApiKey": root_field(
            GraphQLNonNull(_CREATED_API_KEY),
            "Gives an API key another token and shows it; the key keeps its id, role and networks.",
            {
                "id": (GraphQLNonNull(UUID), "The key's id."),
                "overlapSeconds": (GraphQLInt, _OVERLAP),
            },
        ),
        **DOCUMENT_FIELDS,
        **TOKEN_FIELDS,
        **VIEW_FIELDS,
        **WEBHOOK_FIELDS,
    },
    queries={
        **PLAN_QUERIES,
        **MODEL_FACTS,
        **PRINCIPAL_QUERIES,
        **PROCESS_QUERIES,
        **EVENT_QUERIES,
        **VIEW_QUERIES,
        **DOCUMENT_QUERIES,
        **TOKEN_QUERIES,
    },
    subscriptions=MODEL_SUBSCRIPTIONS,
    types=_TYPES,
    unlisted=UNLISTED_TYPES,
    other_names=OTHER_NAMES,
)
"""The Metadata API's mutations; the snapshot must have the objects `object`, `field` (whose `type` is a SELECT),
`apiKey`, `webhook` and `webhookDelivery`."""
