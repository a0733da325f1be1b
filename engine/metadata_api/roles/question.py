"""A question about the rights of a role, as `explainAccess` is asked."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fieldstone.engine.errors import BadUserInput
from fieldstone.metadata.access.effective import allows_field
from fieldstone.metadata.access.view import access_of, type_claims
from fieldstone.metadata.errors import PrincipalValueRefused
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import Action, Role, Way, find_role
from fieldstone.metadata.scalars import shown
from fieldstone.sql.frozen import frozen

_OF_FIELDS: Final = frozenset({Action.READ, Action.CREATE, Action.UPDATE})


@frozen
class Question:
    """A question about access.

    Attributes:
        claims: the principal's values, typed.
        refusal: the reason why a principal with the given values may do nothing, None where there is none.
    """

    model: Snapshot
    role: Role
    object: Object
    action: Action
    field: Field | None
    record_id: UUID | None
    claims: Mapping[str, JsonValue]
    refusal: str | None

    @property
    def access(self) -> ObjectAccess:
        """The effective rights of the role on the object."""
        return access_of(self.model, self.role, self.object)

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways of the action that have the field."""
        found = self.access.ways(self.action)
        if self.field is None or (self.action is Action.READ and self.field.name == "id"):
            return found
        id_ = self.field.id
        if id_ in self.access.dropped:
            return ()
        if self.action is Action.READ:
            return tuple(way for way in found if way.fields.has(id_))
        return tuple(way for way in found if allows_field(self.object, way, id_))


def read_question(model: Snapshot, given: Mapping[str, JsonValue]) -> Question:
    """Return the question of an `ExplainAccessInput`.

    Raises:
        BadUserInput: it names a role, an object or a field that is not there.
    """
    role = find_role(model.roles, str(given["role"]))
    if role is None:
        known = ", ".join(role.name for role in model.roles.values())
        raise BadUserInput(f"role: there is no role {shown(given['role'])}; the workspace has {known}.", field="role")
    object_ = model.by_singular.get(str(given["object"]))
    if object_ is None:
        raise BadUserInput(
            f"object: there is no object {shown(given['object'])}; nameSingular is its name.", field="object"
        )
    action, record_id = Action[given["action"]], given.get("recordId")
    claims, refusal = _read_claims(model, role, given.get("principal") or {})
    return Question(
        model=model,
        role=role,
        object=object_,
        action=action,
        field=_read_field(object_, action, given.get("field")),
        record_id=None if record_id is None else UUID(record_id),
        claims=claims,
        refusal=refusal,
    )


def _read_field(object_: Object, action: Action, name: JsonValue) -> Field | None:
    if name is None:
        return None
    if action not in _OF_FIELDS:
        raise BadUserInput(
            "field is for READ, CREATE and UPDATE; the other actions are of whole records.", field="field"
        )
    found = object_.active.get(name) or object_.held_keys.get(name)
    if found is None:
        raise BadUserInput(f"field: {object_.name_singular} has no field {shown(name)}.", field="field")
    return found


def _read_claims(model: Snapshot, role: Role, given: JsonValue) -> tuple[Mapping[str, JsonValue], str | None]:
    if not isinstance(given, dict):
        raise BadUserInput(
            f'principal must be an object of values by name, such as {{ userId: ".." }}, not {shown(given)}.',
            field="principal",
        )
    try:
        return type_claims(model, role, given), None
    except PrincipalValueRefused as error:
        return {}, error.message
