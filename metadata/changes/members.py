"""The members of an object, a field, an index and a role as the Metadata API takes them: one row each."""

from collections.abc import Iterable
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.frozen import frozen


class Shape(Enum):
    """The form of a member's value. TEXT, NUMBER, MAPPING and VALUE may be null in an update."""

    NAME = "a name of the API"
    LABEL = "a text that is shown and never blank"
    TEXT = "text"
    FLAG = "true or false"
    NUMBER = "a number"
    FIELD_TYPE = "a field type"
    LIST = "a list"
    MAPPING = "a mapping"
    VALUE = "a value"
    OBJECT = "the id of an object"
    FIELD = "the id of a field"
    FIELDS = "the ids of fields"
    INDEX = "the id of an index"
    RELATION = "the other end of a relation"
    RELATIONS = "the other ends of a morph relation"
    ROLE = "the id of a role"
    ROLE_NAME = "the name of a role"
    ROLES = "names of roles"
    CLAIMS = "principals' values with their types"
    LIMITS = "the limits of a role"
    SETTINGS = "settings"
    GRANTS = "the grants of a role"


_NULLABLE = frozenset({Shape.TEXT, Shape.NUMBER, Shape.MAPPING, Shape.VALUE})
_REQUIRED = frozenset({Shape.NAME, Shape.LABEL, Shape.FIELD_TYPE, Shape.OBJECT, Shape.FIELDS, Shape.ROLE_NAME})
_SHOWN = frozenset({Shape.LABEL, Shape.TEXT, Shape.NUMBER})


@frozen
class Member:
    """One member.

    Attributes:
        name: its name in the API, in the history and in a model file.
        attribute: its name in the model and in the changes.
        created: its description in the input of a create; None where a create does not take it.
        updated: its description in the input of an update; None where an update does not take it.
        is_kept: False if a change alone has it, and the model keeps nothing of it.
        default: its value in a create that leaves it out.
    """

    name: str
    attribute: str
    shape: Shape
    created: str | None = None
    updated: str | None = None
    is_kept: bool = True
    default: JsonValue = None

    @property
    def is_required(self) -> bool:
        """True if a create must give it."""
        return self.shape in _REQUIRED

    @property
    def takes_null(self) -> bool:
        """True if null is a value that an update can give."""
        return self.shape in _NULLABLE

    @property
    def is_shown(self) -> bool:
        """True if it is only shown to people."""
        return self.shape in _SHOWN


def snake_case(name: str) -> str:
    """Return the name in the model and in the catalog for one of the API: nameSingular gives name_singular."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _member(
    name: str,
    shape: Shape,
    *,
    both: str | None = None,
    created: str | None = None,
    updated: str | None = None,
    attribute: str | None = None,
    is_kept: bool = True,
    default: JsonValue = None,
) -> Member:
    """Return a member; its attribute is its name in snake_case unless given, and `both` describes it in both inputs."""
    return Member(
        name=name,
        attribute=attribute or snake_case(name),
        shape=shape,
        created=created or both,
        updated=updated or both,
        is_kept=is_kept,
        default=default,
    )


# One row a member.
# fmt: off
OBJECT: Final = (
    _member("nameSingular", Shape.NAME, created="The name of one record, in camelCase: person.",
        updated="The new name of one record; its table keeps its own."),
    _member("namePlural", Shape.NAME, created="The name of several records, in camelCase: people.",
        updated="The new name of several records."),
    _member("labelSingular", Shape.LABEL, created="The name of one record that is shown: Person.",
        updated="The name of one record that is shown."),
    _member("labelPlural", Shape.LABEL, created="The name of several records that is shown: People.",
        updated="The name of several records that is shown."),
    _member("description", Shape.TEXT, created="The object's meaning.",
        updated="The object's meaning; null for none."),
    _member("icon", Shape.TEXT, created="The name of an icon.", updated="The name of an icon; null for none."),
    _member("position", Shape.NUMBER, both="Its place among the objects; null for behind those that have one."),
    _member("isActive", Shape.FLAG, default=True,
        updated="False: the object and its records are kept, but not shown in the API."),
    _member("duplicateCriteria", Shape.VALUE,
        updated='The criteria by which records are duplicates, each a list of fields by their names or ids:'
        ' `[["firstName", "lastName"], ["email"]]`; one is enough. [] is none, null is the usual ones.'),
    _member("skipNameField", Shape.FLAG, is_kept=False, default=False,
        created="True: the object gets no field `name`."),
)
"""The members of an object, in the order of the inputs."""

FIELD: Final = (
    _member("objectMetadataId", Shape.OBJECT, attribute="object_id",
        created="The id of the object that the field is added to."),
    _member("type", Shape.FIELD_TYPE, created="The field's type; `updateField` can change it.",
        updated="Another type: the records' values become such of it."),
    _member("allowDataLoss", Shape.FLAG, is_kept=False, default=False,
        updated="True: values that the new type cannot hold as they are, are cut or emptied."),
    _member("name", Shape.NAME, created="The field's name, in camelCase: jobTitle.",
        updated="The new name; its columns keep theirs."),
    _member("label", Shape.LABEL, created="The field's name that is shown: Job title.",
        updated="The field's name that is shown."),
    _member("description", Shape.TEXT, created="The field's meaning.",
        updated="The field's meaning; null for none."),
    _member("icon", Shape.TEXT, created="The name of an icon.", updated="The name of an icon; null for none."),
    _member("position", Shape.NUMBER, both="Its place among the fields; null for behind those that have one."),
    _member("defaultValue", Shape.VALUE, attribute="default",
        created="The value of a record that is created without one; `now` and `uuid` are computed.",
        updated="The value of a record that is created without one; null for none."),
    _member("options", Shape.LIST, created="For SELECT: a list of `{ value label color position }`.",
        updated="The whole list of options as it is to be."),
    _member("optionMapping", Shape.MAPPING, is_kept=False,
        updated='For options that go, those in their place: `{ OLD: "NEW", GONE: null }`; null is no value. For'
        " text that becomes options, the option for each text that is none."),
    _member("settings", Shape.MAPPING,
        created="The values that belong to the type: `{ dataType }` of NUMBER, `{ onDelete }` of RELATION.",
        updated="Settings to change: `{ onDelete }` of RELATION, `{ dataType }` of NUMBER."),
    _member("isActive", Shape.FLAG, default=True, created="False: the field is kept, but not shown in the API.",
        updated="False: the field and its values are kept, but not shown in the API, and no record needs one."),
    _member("isNullable", Shape.FLAG, default=True, both="False: a record must have a value."),
    _member("backfillValue", Shape.VALUE, attribute="backfill", is_kept=False,
        updated="The value for the records that have none, where the field becomes required."),
    _member("isUnique", Shape.FLAG, default=False, both="True: no two records may have the same value."),
    _member("relationCreationPayload", Shape.RELATION, attribute="relation", is_kept=False,
        created="For RELATION, its other end: `{ targetObjectMetadataId targetFieldLabel targetFieldName"
        " targetFieldIcon type }`; `type` is MANY_TO_ONE, ONE_TO_MANY, ONE_TO_ONE or MANY_TO_MANY, which takes"
        " `junctionNameSingular junctionNamePlural` too."),
    _member("morphRelationsCreationPayload", Shape.RELATIONS, attribute="morph", is_kept=False,
        created="For MORPH_RELATION, a list of its targets: `{ targetObjectMetadataId targetFieldLabel"
        " targetFieldName targetFieldIcon }`."),
)
"""The members of a field, in the order of the inputs."""

INDEX: Final = (
    _member("objectMetadataId", Shape.OBJECT, attribute="object_id",
        created="The id of the object whose records are indexed."),
    _member("fieldMetadataIds", Shape.FIELDS, attribute="field_ids",
        created="The ids of its fields, in the order of the index."),
    _member("method", Shape.TEXT, default="btree",
        created="`btree` unless given, for orders and comparisons; `trigram` for `contains` on one text field, `gin`"
        " for the contents of one field of lists or JSON, `search` for the fields that the query `search` looks in."),
    _member("subField", Shape.TEXT, attribute="sub_field",
        created="Of one composite field, the sub-field that the index is on: addressCity."),
    _member("isUnique", Shape.FLAG, default=False,
        created="True: no two live records share the values of all these fields."),
    _member("isPartial", Shape.FLAG, default=False, created="True: the index is of the live records alone."),
)
"""The members of an index, in the order of the input."""

ROLE: Final = (
    _member("name", Shape.ROLE_NAME, created="Its name: letters, digits, hyphens and underscores, a letter first.",
        updated="The new name; keys and webhooks keep the role."),
    _member("label", Shape.TEXT, created="The role's name that is shown; made of its name where it is left out.",
        updated="The role's name that is shown; null for one made of its name."),
    _member("description", Shape.TEXT, created="The role's meaning.", updated="The role's meaning; null for none."),
    _member("parents", Shape.ROLES, created="The roles that it inherits: it has their rights beside its own.",
        updated="All roles that it inherits."),
    _member("claims", Shape.CLAIMS, created="The principal's values that its rules name as `$principal.NAME`.",
        updated="All values that its rules name."),
    _member("limits", Shape.LIMITS, created="The limits of its requests, below those of the server.",
        updated="All limits of its requests."),
    _member("settings", Shape.SETTINGS, created="The parts of the administration that it may see and change.",
        updated="All parts of the administration that it may see and change."),
    _member("grants", Shape.GRANTS, created="Its rights: for all objects (`*`) and for single ones.",
        updated="All of its rights."),
)
"""The members of a role, in the order of the inputs."""
# fmt: on

NUMBERS: Final = frozenset(member.attribute for member in (*OBJECT, *FIELD) if member.shape is Shape.NUMBER)
"""The attributes that are numbers."""

FIELD_NAME: Final = next(member for member in FIELD if member.shape is Shape.NAME)


def given(change: object, members: Iterable[Member]) -> dict[Member, Any]:
    """Return the values that an update gives, in the order of its attributes."""
    updatable = {member.attribute: member for member in members if member.updated}
    values = {one.name: (getattr(change, one.name), one.default) for one in fields(change)}  # type: ignore[arg-type]
    return {
        updatable[name]: value
        for name, (value, default) in values.items()
        if name in updatable and value is not default and value != default
    }


def given_values(change: object, members: Iterable[Member]) -> dict[str, JsonValue]:
    """Return the values that an update gives as JSON, by the names of the API."""
    return {
        member.name: value.value if isinstance(value, Enum) else value
        for member, value in given(change, members).items()
    }


def shown_values(members: Iterable[Member], one: object) -> dict[str, Any]:
    """Return the values of an object, a field or a change that are only shown, by attribute."""
    return {member.attribute: getattr(one, member.attribute) for member in members if member.is_shown}


def created_members(members: Iterable[Member], change: object) -> dict[Member, Any]:
    """Return the values of the members that a create takes."""
    return {member: getattr(change, member.attribute) for member in members if member.created}


def created_values(members: Iterable[Member], one: object) -> dict[str, Any]:
    """Return the values of an object that a create of it gives, by attribute; `one` is the object or its create."""
    return {member.attribute: getattr(one, member.attribute) for member in members if member.created and member.is_kept}


def kept_values(members: Iterable[Member], one: object) -> dict[str, Any]:
    """Return the values of an object or a field that an update could change, by the names of the API."""
    return {member.name: getattr(one, member.attribute) for member in members if member.updated and member.is_kept}
