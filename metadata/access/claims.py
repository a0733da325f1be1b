"""The principal's values that rules name: checked against the types that a role declares, and typed once."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from fieldstone.metadata.errors import InvalidValue, PrincipalValueRefused
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.known_names import find_close
from fieldstone.metadata.roles.claim_types import claim_type
from fieldstone.metadata.roles.role import Claim
from fieldstone.metadata.shown_text import escape


def coerce_claims(claims: Sequence[Claim], given: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the values of a role's claims, none of them null: a list for a list type, which one item may stand for.

    Values that the role does not declare are left out.

    Raises:
        PrincipalValueRefused: a value is missing, or not of its type.
    """
    return MappingProxyType({claim.name: _coerce(claim, given.get(claim.name)) for claim in claims})


def find_undeclared(role_name: str, claims: Sequence[Claim], given: Iterable[str]) -> str | None:
    """Return the fault of the first value that a role does not declare; None if it declares all of them."""
    declared = {claim.name: claim for claim in claims}
    name = next((name for name in given if name not in declared), None)
    if name is None:
        return None
    close = find_close(name, declared)
    meant = f", did you mean {close[0]}?" if close else ""
    known = ", ".join(f"{claim.name} ({notation(claim)})" for claim in claims) or "none"
    return f'the role {role_name} declares no value "{escape(name[:80])}": it declares {known}{meant}'


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
