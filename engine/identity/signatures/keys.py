"""The keys that tokens are signed with, and their algorithms.

An algorithm belongs to a key, never to a token: https://www.rfc-editor.org/rfc/rfc8725#section-3.1
"""

from dataclasses import field
from typing import TYPE_CHECKING, Final

from fieldstone.sql.frozen import frozen

if TYPE_CHECKING:
    from joserfc.jwk import Key

ALGORITHMS: Final = ("HS256", "RS256", "ES256", "Ed25519", "EdDSA")
"""All algorithms; EdDSA is the former name of Ed25519, which RFC 9864 deprecates: it takes the same keys here."""

SECRET_ALGORITHMS: Final = frozenset({"HS256"})


@frozen
class SigningKey:
    """A key that verifies signatures.

    Attributes:
        kid: the id under which a key set lists it.
        algorithms: those that it may verify.
        thumbprint: of RFC 7638, by which two keys are equal.
    """

    kid: str | None
    algorithms: frozenset[str]
    thumbprint: str
    key: "Key" = field(compare=False, repr=False)
