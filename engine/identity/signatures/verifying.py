"""The signature of a token, verified with a key of its issuer."""

from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from fieldstone.engine.identity.signatures.keys import SigningKey


class _Registry(jws.JWSRegistry):
    """The algorithms of joserfc; EdDSA is looked up under its present name, as the deprecated one warns."""

    max_header_length = 4_096

    def get_alg(self, name: str) -> Any:  # joserfc exports no name for the type
        return super().get_alg("Ed25519" if name == "EdDSA" else name)


_REGISTRY = _Registry(algorithms=["HS256", "RS256", "ES256", "Ed25519"], strict_check_header=False)


def read_signed(token: str, key: SigningKey) -> bytes:
    """Return the payload of a token; raises ValueError if the key has not signed it."""
    try:
        return jws.deserialize_compact(token, key.key, registry=_REGISTRY).payload
    except (JoseError, RecursionError) as error:
        raise ValueError("the signature is wrong") from error
