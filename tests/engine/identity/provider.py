"""An identity provider in this process: it has keys, signs tokens, and serves its key set over HTTP."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

ISSUER = "https://id.example"
AUDIENCE = "fieldstone"

_KINDS: Mapping[str, tuple[str, str | int]] = {
    "RS256": ("RSA", 2048),
    "ES256": ("EC", "P-256"),
    "Ed25519": ("OKP", "Ed25519"),
    "EdDSA": ("OKP", "Ed25519"),
}


def new_key(algorithm: str, kid: str, **parameters: Any) -> Key:
    kind, size = _KINDS[algorithm]
    given: Any = {"kid": kid, **parameters}
    return JWKRegistry.generate_key(kind, size, given)


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a valid token; those changed to None are left out."""
    now = int(time.time())
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 600} | {
        "role": "admin",
        "workspace": "default",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def sign(given: Mapping[str, Any], key: Any, algorithm: str, **header: Any) -> str:
    """Return a token; `key` may be one that does not belong to the algorithm's issuer."""
    names = ["HS256", "HS512", "RS256", "RS384", "ES256", "Ed25519"]
    protected = {"alg": algorithm, "kid": getattr(key, "kid", None), **header}
    protected = {name: value for name, value in protected.items() if value is not None}
    if algorithm == "EdDSA":
        return _sign_by_hand(given, key, protected)
    registry = jws.JWSRegistry(algorithms=names, strict_check_header=False)
    return jws.serialize_compact(protected, json.dumps(given), key, registry=registry)


def unsigned(given: Any, header: Any, signature: bytes = b"") -> str:
    return join(json.dumps(header).encode(), json.dumps(given).encode(), signature)


def join(*parts: bytes) -> str:
    """Return a token of these parts."""
    return ".".join(map(_encode, parts))


def sign_with_text(given: Mapping[str, Any], secret: str, **header: Any) -> str:
    """Return a token of HS256 whose secret is any text; joserfc takes no public key for one."""
    signed, _, _ = unsigned(given, {"alg": "HS256", **header}).rpartition(".")
    return f"{signed}.{_encode(hmac.digest(secret.encode(), signed.encode(), 'sha256'))}"


def _sign_by_hand(given: Mapping[str, Any], key: OKPKey, header: Mapping[str, Any]) -> str:
    """joserfc warns of the former name of the algorithm."""
    signed, _, _ = unsigned(given, header).rpartition(".")
    private: Any = key.private_key
    return f"{signed}.{_encode(private.sign(signed.encode()))}"


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


@dataclass(slots=True)
class Provider:
    """A served key set; `answer` replaces it, and `delay` holds it back."""

    keys: list[RSAKey | ECKey | OKPKey | Any] = field(default_factory=list)
    requests: int = 0
    delay: float = 0
    answer: bytes | None = None
    url: str = ""

    def body(self) -> bytes:
        listed = [{**key.as_dict(private=False), "use": "sig"} for key in self.keys]
        body = json.dumps({"keys": listed}).encode()
        return b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body

    def setting(self, **changes: Any) -> str:
        """Return FIELDSTONE_JWT for this provider."""
        one = {
            "issuer": ISSUER,
            "audience": AUDIENCE,
            "jwksUrl": self.url,
            "claims": {"role": "role", "workspace": "workspace", "values": {"userId": "sub"}},
            "roles": ["admin", "viewer"],
        } | changes
        return json.dumps([{name: value for name, value in one.items() if value is not None}])


@asynccontextmanager
async def provide(*keys: Any) -> AsyncIterator[Provider]:
    """Serve a key set."""
    provider = Provider(keys=list(keys))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        provider.requests += 1
        await asyncio.sleep(provider.delay)
        writer.write(provider.answer or provider.body())
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()[:2]
        provider.url = f"http://{host}:{port}/jwks"
        yield provider


async def create_open_role(client: Any, name: str = "open", claims: str = "") -> None:
    """Create a role that may do everything with records, and nothing else."""
    all_ = " ".join(f"{action}: {{}}" for action in ("read", "create", "update", "delete", "restore", "destroy"))
    grants = f'grants: [{{ object: "*" aggregates: true {all_} }}]'
    query = f'mutation {{ createRole(input: {{ name: "{name}" label: "Open" {claims} {grants} }}) {{ id }} }}'
    answer = await client.post("/metadata", json={"query": query})
    assert "errors" not in answer.json(), answer.text
