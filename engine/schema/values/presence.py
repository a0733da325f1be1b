"""The enum that asks for the presence of a value."""

from fieldstone.engine.schema.values.notation import enum_of

PRESENCE = enum_of(
    "Presence",
    "Whether there is a value.",
    {
        "NULL": "There is no value.",
        "NOT_NULL": "There is a value.",
    },
)
