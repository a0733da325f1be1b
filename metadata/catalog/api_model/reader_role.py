"""The roles in the catalog's own model of principals that do not see all of their workspace's model."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from fieldstone.metadata.access.effective import effective_claims, lineage
from fieldstone.metadata.catalog.api_model.notation import catalog_id
from fieldstone.metadata.changes.rules.indexes.searched import label_fields
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Object, Snapshot, relation_end
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import (
    PRINCIPAL_PREFIX,
    WHOLLY,
    Action,
    Claim,
    Fields,
    Grant,
    Role,
    Stored,
    Way,
    find_role,
)
from fieldstone.metadata.scalars import JSON, STRING
from fieldstone.metadata.scalars import UUID as UUID_SCALAR

_LISTS: Final = {"field": "fields", "relation": "fields", "index": "indexes"}
"""The claims that list the ids of the records that are shown, by the catalog's object."""
_OBJECTS: Final = "objects"
"""The claim that lists the objects that are shown."""
_TELLING: Final = {"labelFields": "labelledObjects", "duplicateCriteria": "comparedObjects"}
"""The claims that list the objects of which a member that has ids of fields is shown, since those fields are, too."""

_ALL, _UNBOUND, _OWN, _VALUES, _LACKED = "allRoles", "rolesWithoutValues", "ownRoles", "ownValues", "lackedValues"
"""The claims about the webhooks whose deliveries are shown."""
_INHERITED: Final = "inheritedRoles"
"""The claim that lists the roles whose webhooks with the reader's values are shown."""
_ROLE: Final = "ownRole"
"""The claim that has the role whose trusted documents are shown, and whose keys with the reader's values are."""


def _named(claim: str) -> str:
    return f"{PRINCIPAL_PREFIX}{claim}"


def _equal(name: str, own: str) -> Mapping[str, JsonValue]:
    """Return the condition on keys, or on webhooks, of the roles in a claim with the reader's values."""
    role, claims = (f"@{catalog_id(name, member)}" for member in ("role", "claims"))
    return {
        role: {"in": _named(own)},
        claims: {"contains": _named(_VALUES)},
        "not": {claims: {"hasAnyKeys": _named(_LACKED)}},
    }


def _covered(own: str) -> Mapping[str, JsonValue]:
    """Return the condition on webhooks of roles without values, and of those in a claim with the reader's values."""
    return {"or": [_among("webhook", _UNBOUND, "role"), _equal("webhook", own)]}


def _object_ways() -> tuple[Way, ...]:
    """Return the ways to objects: the members that have ids of fields are null, but in the objects that claims list."""
    telling = {name: catalog_id("object", name) for name in _TELLING}
    every = frozenset(telling.values())
    return (
        Way(rule=_rule(_among("object", _OBJECTS)), fields=Fields(ids=every)),
        *(
            Way(rule=_rule(_among("object", claim)), fields=Fields(ids=every - {telling[name]}))
            for name, claim in _TELLING.items()
        ),
    )


def _delivery_ways() -> tuple[Way, ...]:
    """Return the ways to deliveries: of all webhooks, and of those whose role reads nothing that the reader does not.

    A position counts the events of all workspaces, so the second way has neither it nor the body, which has it, too.
    """
    role = f"@{catalog_id('webhook', 'role')}"
    withheld = Fields(ids=frozenset(catalog_id("webhookDelivery", name) for name in ("position", "request")))
    webhook = f"@{catalog_id('webhookDelivery', 'webhook')}"
    return (
        Way(rule=Stored(text=dumps({webhook: {role: {"in": _named(_ALL)}}}))),
        Way(rule=Stored(text=dumps({webhook: _covered(_OWN)})), fields=withheld),
    )


def _try_ways() -> tuple[Way, ...]:
    """Return the ways to attempts: those of the deliveries that are shown."""
    delivery = f"@{catalog_id('webhookTry', 'delivery')}"
    rules = [loads(way.rule.text) for way in _delivery_ways() if way.rule is not None]
    return (Way(rule=Stored(text=dumps({delivery: {"or": rules}}))),)


def _among(name: str, claim: str, field: str = "id") -> JsonValue:
    return {f"@{catalog_id(name, field)}": {"in": _named(claim)}}


def _rule(rule: JsonValue) -> Stored:
    return Stored(text=dumps(rule))


def _read(name: str, *rules: JsonValue) -> Grant:
    """Return the grant of reading the records of an object for which one of the rules holds, or all without a rule."""
    ways = tuple(Way(rule=_rule(rule)) for rule in rules) or WHOLLY
    return Grant(object_id=catalog_id(name), action=Action.READ, ways=ways)


def _history_ways() -> tuple[Way, ...]:
    """Return the ways to versions of the model without their changes: these are in the schema, and null."""
    none: JsonValue = {f"@{catalog_id('metadataChange', 'id')}": {"in": []}}
    withheld = Fields(ids=frozenset({catalog_id("metadataChange", "changes")}))
    return Way(fields=withheld), Way(rule=Stored(text=dumps(none)))


def _without_roles() -> JsonValue:
    """Return the condition on versions of the model whose changes touch no role."""
    changes = f"@{catalog_id('metadataChange', 'changes')}"
    touched = [{changes: {"contains": [{side: [{"kind": "role"}]}]}} for side in ("before", "after")]
    return {"not": {"or": touched}}


READER: Final = Role(
    id=catalog_id("the role of readers"),
    name="reader",
    label="Reader",
    grants=(
        Grant(object_id=None, action=Action.READ),
        Grant(object_id=catalog_id("object"), action=Action.READ, ways=_object_ways()),
        *(_read(name, _among(name, claim)) for name, claim in _LISTS.items()),
        _read("apiKey", _equal("apiKey", _ROLE)),
        _read("webhook", _among("webhook", _ALL, "role"), _covered(_INHERITED)),
        Grant(object_id=catalog_id("webhookDelivery"), action=Action.READ, ways=_delivery_ways()),
        Grant(object_id=catalog_id("webhookTry"), action=Action.READ, ways=_try_ways()),
        _read("trustedDocument", _among("trustedDocument", _ROLE, "role")),
        Grant(object_id=catalog_id("metadataChange"), action=Action.READ, ways=_history_ways()),
    ),
    claims=(
        *(
            Claim(name=name, scalar=UUID_SCALAR, is_list=True)
            for name in dict.fromkeys((_OBJECTS, *_TELLING.values(), *_LISTS.values()))
        ),
        *(Claim(name=name, scalar=STRING, is_list=True) for name in (_INHERITED, _ROLE, _ALL, _UNBOUND, _OWN, _LACKED)),
        Claim(name=_VALUES, scalar=JSON),
    ),
)
"""It reads the objects, fields, relations and indexes that its claims list, the keys and webhooks with its values, the
deliveries of webhooks whose role reads no more than it does, the trusted documents of its role, and the rest of the
catalog short of the changes of the model.
"""

MODEL_READER: Final = Role(
    id=catalog_id("the role of readers of the model"),
    name="modelReader",
    label="Reader of the model",
    parents=(READER.id,),
    grants=(_read("metadataChange", _without_roles()),),
)
"""A reader whose role reads all records of all objects, so that no part of the model is hidden from it."""

BINDER: Final = Role(
    id=catalog_id("the role of readers that bind roles"),
    name="binder",
    label="Binder",
    parents=(READER.id,),
    grants=tuple(map(_read, ("apiKey", "webhook", "trustedDocument", "metadataChange"))),
)
"""A reader that may bind any role."""


def covered_roles(model: Snapshot, principal: Principal, *, is_whole: bool) -> Mapping[str, JsonValue]:
    """Return the claims of a reader about roles: its own, and those of webhooks that read no more than it does.

    Args:
        model: the model with the roles.
        principal: the reader.
        is_whole: whether its role sees the whole model.
    """
    role = find_role(model.roles, principal.role)
    inherited = () if role is None else lineage(model, role)
    declared = [] if role is None else [claim.name for claim in effective_claims(model, role)]
    values = {name: principal.claims[name] for name in declared if name in principal.claims}
    # A list contains each shorter one, whose webhook may read less than this principal, or more.
    has_lists = any(isinstance(value, list) for value in values.values())
    return {
        _INHERITED: [one.name for one in inherited],
        _ROLE: [] if role is None else [role.name],
        _ALL: [one.name for one in model.roles.values()] if is_whole else [],
        _UNBOUND: [one.name for one in inherited if not effective_claims(model, one)],
        _OWN: [] if has_lists else [one.name for one in inherited],
        _VALUES: values,
        _LACKED: [name for name in declared if name not in values],
    }


def shown_parts(view: Snapshot) -> Mapping[str, JsonValue]:
    """Return the claims of a reader: the ids of the parts of a model that are in the schema of the view's role."""
    shown = {id_: shown_fields(view, object_) for id_, object_ in view.objects.items() if object_.is_active}
    readable = {field.id for id_ in shown for field in view.objects[id_].by_name.values()}
    fields = [str(id_) for ids in shown.values() for id_ in ids]
    return {
        _OBJECTS: [str(id_) for id_ in shown],
        **_telling_objects([view.objects[id_] for id_ in shown], frozenset(fields)),
        "fields": fields,
        "indexes": [str(index.id) for index in view.indexes.values() if readable.issuperset(index.field_ids)],
    }


def _telling_objects(objects: Sequence[Object], fields: frozenset[str]) -> Mapping[str, JsonValue]:
    """Return the claims about objects whose members name none but these fields."""
    told: dict[str, list[Object]] = {
        "labelFields": [one for one in objects if fields.issuperset(str(field.id) for field in label_fields(one))],
        "duplicateCriteria": [
            one
            for one in objects
            if isinstance(one.duplicate_criteria, list)
            and all(fields.issuperset(criterion) for criterion in one.duplicate_criteria)
        ],
    }
    return {claim: [str(one.id) for one in told[name]] for name, claim in _TELLING.items()}


def shown_fields(view: Snapshot, object_: Object) -> list[UUID]:
    """Return the fields of an object that a role reads or gives, but for relations that its schema leaves out.

    A relation that holds a key is in the schema by its key at least.
    """
    return [
        field.id
        for field in object_.known.values()
        if field.relation_id is None or field.parts or relation_end(view, field) is not None
    ]


def all_parts(model: Snapshot) -> Mapping[str, JsonValue]:
    """Return the claims of a reader that sees all of a model, its hidden parts too."""
    objects: JsonValue = [str(id_) for id_ in model.objects]
    return {
        _OBJECTS: objects,
        **dict.fromkeys(_TELLING.values(), objects),
        "fields": [str(field.id) for object_ in model.objects.values() for field in object_.fields],
        "indexes": [str(id_) for id_ in model.indexes],
    }
