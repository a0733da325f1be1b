"""The principal's values that rules name: checked against the types that a role declares, and typed once."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from fieldstone.metadata.errors import InvalidValue, PrincipalValueRefused
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.claim_types import claim_type
from fieldstone.metadata.roles.role import Claim


def coerce_claims(claims: Sequence[Claim], given: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the values of a role's claims, none of them null: a list for a list type, which one item may stand for.

    Values that the role does not declare are left out.

    Raises:
        PrincipalValueRefused: a value is missing, or not of its type.
    """
    return MappingProxyType({claim.name: _coerce(claim, given.get(claim.name)) for claim in claims})


def notation(claim: Claim) -> str:
    """Return a claim's type as the API writes it."""
    name = claim_type(claim.scalar)
    return f"[{name}]" if claim.is_list else name


def _coerce(claim: Claim, value: JsonValue) -> JsonValue:
    if value is None:
        if claim.is_list and claim.may_lack:
            return []
        raise PrincipalValueRefused(claim.name, notation(claim), "is missing")
    items = value if isinstance(value, list) and claim.is_list else [value]
    try:
        for item in items:
            claim.scalar.coerce(item)
    except InvalidValue as error:
        raise PrincipalValueRefused(claim.name, notation(claim), error.message) from None
    return list(items) if claim.is_list else value
