"""The rights by which a payload is built, as a digest: while it is the same, a waiting payload may be sent."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final
from uuid import UUID

from fieldstone.metadata.access.view import type_claims, view_of
from fieldstone.metadata.errors import PrincipalValueRefused, UnknownRole
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.role import Way

ALL: Final = ""
"""The digest of a role with all rights."""

WHOLE: Final = "whole"
"""The digest of a role with restrictions that sees an object whole: it is told no position."""

_DIGEST_BYTES = 16


def find_seen(snapshot: Snapshot, role_id: UUID, object_: Object) -> Object | None:
    """Return an object as a role sees it, None if the role is gone or reads none of its records."""
    try:
        seen = view_of(snapshot, role_id).objects[object_.id]
    except UnknownRole:
        return None
    return seen if seen.is_active and seen.rights.read else None


def find_digest(snapshot: Snapshot, role_id: UUID, claims: Mapping[str, JsonValue], object_: Object) -> str | None:
    """Return the digest of the right of a role with these claims to read an object, None if it has none."""
    seen = find_seen(snapshot, role_id, object_)
    if seen is None:
        return None
    if seen is object_:
        return digest_whole(snapshot, role_id)
    try:
        return digest_rights(seen, type_claims(snapshot, snapshot.roles[role_id], claims))
    except PrincipalValueRefused:
        return None


def digest_whole(snapshot: Snapshot, role_id: UUID) -> str:
    """Return the digest of the right of a role that sees an object whole."""
    return ALL if view_of(snapshot, role_id) is snapshot else WHOLE


def digest_rights(seen: Object, claims: Mapping[str, JsonValue]) -> str:
    """Return the digest of the right to read a restricted object with these typed claims."""
    rights = seen.rights
    known = {
        "ways": sorted(map(_describe, rights.read)),
        "dropped": sorted(map(str, rights.dropped)),
        "deleted": bool(rights.restore or rights.destroy),
        "claims": dict(sorted(claims.items())),
    }
    return blake2b(dumps(known).encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _describe(way: Way) -> str:
    rule = None if way.rule is None else way.rule.text
    return dumps([rule, way.fields.only, sorted(map(str, way.fields.ids))])
