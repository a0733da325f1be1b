"""The mapping of a token's claims to a workspace, a role and the values that rules may name."""

from collections.abc import Mapping
from dataclasses import field

from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.frozen import frozen

ClaimPath = tuple[str, ...]
"""The names that lead to a claim; most have one."""


@frozen
class ClaimMapping:
    """The places of a token's facts among its claims.

    Attributes:
        workspace: a claim with a workspace's name or id; None: the tokens are for the workspace `default`.
        role: a claim with a role's name or several; None: the issuer has one role alone.
        name: a claim with the user's name.
        values: the claims of the principal's values by their names, or one claim that holds them all.
    """

    workspace: ClaimPath | None = None
    role: ClaimPath | None = None
    name: ClaimPath | None = None
    values: Mapping[str, ClaimPath] | ClaimPath = field(default_factory=dict)


def find_claim(claims: Mapping[str, JsonValue], path: ClaimPath) -> JsonValue:
    """Return the claim at a path; None where there is none."""
    found: JsonValue = claims
    for name in path:
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return found


def choose_role(mapping: ClaimMapping, roles: tuple[str, ...], claims: Mapping[str, JsonValue]) -> str | None:
    """Return the first role of the issuer's list that the claims name; None where they name none of these."""
    if mapping.role is None:
        return roles[0]
    named = find_claim(claims, mapping.role)
    given = named if isinstance(named, list) else [named]
    return next((role for role in roles if role in given), None)


def read_values(mapping: ClaimMapping, claims: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the principal's values by name; absent and null claims give none."""
    if isinstance(mapping.values, Mapping):
        found = {name: find_claim(claims, path) for name, path in mapping.values.items()}
    else:
        held = find_claim(claims, mapping.values)
        found = dict(held) if isinstance(held, Mapping) else {}
    return {name: value for name, value in found.items() if value is not None}


def read_name(mapping: ClaimMapping, claims: Mapping[str, JsonValue]) -> str:
    """Return the user's name: the mapped claim, else a usual one of OpenID Connect, else the subject."""
    paths = [mapping.name] if mapping.name else [("name",), ("preferred_username",), ("email",)]
    names = (find_claim(claims, path) for path in (*paths, ("sub",)))
    return next(name for name in names if isinstance(name, str) and name.strip())
