"""Keys that tokens are signed with, read from PEM, JWK or a secret."""

from collections.abc import Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OctKey, OKPKey, RSAKey

from fieldstone.engine.identity.signatures.keys import SECRET_ALGORITHMS, SigningKey
from fieldstone.metadata.json_text import JsonValue

_SHORTEST_SECRET = 32
_SHORTEST_RSA = 2_048


def read_secret(secret: str) -> SigningKey:
    """Return the key of a shared secret.

    Raises:
        ValueError: the secret is a public key, or shorter than the hash:
            https://www.rfc-editor.org/rfc/rfc7518#section-3.2
    """
    if len(secret.encode()) < _SHORTEST_SECRET:
        raise ValueError(f"a secret of at least {_SHORTEST_SECRET} bytes")
    try:
        key = OctKey.import_key(secret)
    except ValueError:  # a public key in another form, which everybody may know
        raise ValueError("a secret, a public key in PEM or a JSON Web Key") from None
    return _build(key, None)


def read_pem(text: str) -> SigningKey:
    """Return the key of a public key or a certificate in PEM.

    Raises:
        ValueError: it is neither, or of a kind for which there is no algorithm.
    """
    public: object
    try:
        is_certificate = "BEGIN CERTIFICATE" in text
        public = (
            load_pem_x509_certificate(text.encode()).public_key()
            if is_certificate
            else load_pem_public_key(text.encode())
        )
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("a public key or a certificate in PEM") from None
    key: Key
    match public:
        case RSAPublicKey():
            key = RSAKey.import_key(public)
        case EllipticCurvePublicKey(curve=SECP256R1()):
            key = ECKey.import_key(public)
        case Ed25519PublicKey():
            key = OKPKey.import_key(public)
        case _:
            raise ValueError("a key for RS256 (RSA), ES256 (P-256) or Ed25519")
    return _build(key, None)


def read_jwk(given: Mapping[str, JsonValue]) -> SigningKey:
    """Return the key of a JSON Web Key.

    Raises:
        ValueError: it is none, or is not for signatures, or there is no algorithm for it.
    """
    use, operations = given.get("use", "sig"), given.get("key_ops", ["verify"])
    if use != "sig" or not isinstance(operations, list) or "verify" not in operations:
        raise ValueError("a key for signatures")
    try:
        key = JWKRegistry.import_key(dict(given))
        return _build(key, given.get("alg"))
    except (JoseError, UnsupportedAlgorithm, TypeError, KeyError) as error:
        raise ValueError("a JSON Web Key") from error


def read_key_set(given: JsonValue) -> tuple[SigningKey, ...]:
    """Return the public keys of a JSON Web Key Set; keys of other kinds or uses are left out.

    Raises:
        ValueError: it is no key set.
    """
    listed = given.get("keys") if isinstance(given, Mapping) else None
    if not isinstance(listed, list):
        raise ValueError("a JSON Web Key Set")  # noqa: TRY004 - one error for all that is none
    keys = []
    for one in listed:
        # A secret in a public key set is known to everybody.
        if isinstance(one, Mapping) and one.get("kty") != "oct":
            try:
                keys.append(read_jwk(one))
            except ValueError:
                continue
    return tuple(keys)


def _build(key: Key, algorithm: JsonValue) -> SigningKey:
    algorithms = _algorithms_of(key)
    if algorithm is not None:
        algorithms &= {"Ed25519", "EdDSA"} if algorithm in {"Ed25519", "EdDSA"} else {str(algorithm)}
    if not algorithms:
        raise ValueError("a key for RS256 (RSA), ES256 (P-256) or Ed25519")
    return SigningKey(kid=_kid_of(key), algorithms=algorithms, thumbprint=key.thumbprint(), key=key)


def _kid_of(key: Key) -> str | None:
    kid = key.kid
    return kid if isinstance(kid, str) else None


def _algorithms_of(key: Key) -> frozenset[str]:
    match key:
        case OctKey():
            return SECRET_ALGORITHMS
        case RSAKey():
            if key.public_key.key_size < _SHORTEST_RSA:
                raise ValueError(f"an RSA key of at least {_SHORTEST_RSA} bits")
            return frozenset({"RS256"})
        case ECKey() if key.curve_name == "P-256":
            return frozenset({"ES256"})
        case OKPKey() if key.curve_name == "Ed25519":
            return frozenset({"Ed25519", "EdDSA"})
        case _:
            return frozenset()
