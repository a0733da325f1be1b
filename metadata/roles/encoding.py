"""Roles as JSON, as the catalog and the history keep them, and back. A part that cannot be read grants nothing."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.claim_types import CLAIM_TYPES, claim_type
from fieldstone.metadata.roles.role import Action, Claim, Fields, Grant, Role, RoleLimits, Setting, Stored, Way

_RULES = ("rule", "check", "presets")
_WAY = frozenset({*_RULES, "fields"})
_GRANT = frozenset({"object", "action", "aggregates", "ways"})
_CLAIM = frozenset({"name", "type", "isList", "mayLack"})
_LIMITS = ("page", "cost", "rate")
_ACTIONS = {action.value: action for action in Action}


def encode_rights(role: Role) -> dict[str, JsonValue]:
    """Return the parts of a role that are more than text, as JSON values by their attributes."""
    return {
        "parents": [str(id_) for id_ in role.parents],
        "grants": [_encode_grant(grant) for grant in role.grants],
        "claims": [
            {
                "name": claim.name,
                "type": claim_type(claim.scalar),
                "isList": claim.is_list,
                "mayLack": claim.may_lack,
            }
            for claim in role.claims
        ],
        "limits": {name: getattr(role.limits, name) for name in _LIMITS},
        "settings": sorted(setting.value for setting in role.settings),
    }


def decode_rights(given: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Return the attributes of a role that `encode_rights` wrote.

    A newer process may have written parts that this one does not know: such a way is left out, such a grant has no
    ways, and a role with such a claim or limit grants and inherits nothing: its rules cannot be bound, or its limit not
    be kept.
    """
    claims = [_decode_claim(claim) for claim in given["claims"]]
    known = tuple(claim for claim in claims if claim)
    is_known = len(known) == len(claims) and not given["limits"].keys() - set(_LIMITS)
    return {
        "parents": tuple(map(UUID, given["parents"])) if is_known else (),
        "grants": tuple(_decode_grants(given["grants"])) if is_known else (),
        "claims": known,
        "limits": RoleLimits(**{name: given["limits"].get(name) for name in _LIMITS}),
        "settings": frozenset(Setting(name) for name in given["settings"] if name in Setting.__members__),
    }


def _encode_grant(grant: Grant) -> JsonValue:
    return {
        "object": None if grant.object_id is None else str(grant.object_id),
        "action": grant.action.value,
        "aggregates": grant.aggregates,
        "ways": [_encode_way(way) for way in grant.ways],
    }


def _encode_way(way: Way) -> JsonValue:
    rules = {name: stored.text for name in _RULES if (stored := getattr(way, name)) is not None}
    ids = sorted(map(str, way.fields.ids))
    return {**rules, "fields": {"only" if way.fields.only else "allBut": ids}}


def _decode_grants(given: JsonValue) -> Iterable[Grant]:
    for grant in given:
        if grant["action"] in _ACTIONS:
            yield Grant(
                object_id=None if grant["object"] is None else UUID(grant["object"]),
                action=_ACTIONS[grant["action"]],
                aggregates=grant["aggregates"],
                # Without ways it still stands before the grant for all objects.
                ways=() if grant.keys() - _GRANT else tuple(filter(None, map(_decode_way, grant["ways"]))),
            )


def _decode_way(given: JsonValue) -> Way | None:
    """Return a way; None if it has a part that this process does not know."""
    if given.keys() - _WAY or given["fields"].keys() not in ({"only"}, {"allBut"}):
        return None
    ((kind, ids),) = given["fields"].items()
    rules = {name: Stored(text=given[name]) for name in _RULES if name in given}
    return Way(**rules, fields=Fields(ids=frozenset(map(UUID, ids)), only=kind == "only"))


def _decode_claim(given: JsonValue) -> Claim | None:
    """Return a claim; None if it has a part that this process does not know."""
    scalar = CLAIM_TYPES.get(given["type"])
    if scalar is None or given.keys() - _CLAIM:
        return None
    return Claim(name=given["name"], scalar=scalar, is_list=given["isList"], may_lack=given["mayLack"])
