"""The signature that a target knows our requests by."""

import hmac
from hashlib import sha256

HEADER = "X-Fieldstone-Signature"


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the value of the header for a body sent at a time (Unix seconds): `t=SECONDS,v1=HEX`.

    HEX is the HMAC-SHA256 of the seconds, a point and the body, under the secret's UTF-8 bytes.
    """
    digest = hmac.new(secret.encode(), b"%d." % at + body, sha256).hexdigest()
    return f"t={at},v1={digest}"
