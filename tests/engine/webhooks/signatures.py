"""The signature of a delivery as a target checks it."""

import hmac
from hashlib import sha256

from tests.engine.webhooks.target import Received


def check_signature(request: Received, secret: str) -> None:
    """The signature is that of these bytes."""
    seconds, _, digest = request.headers["x-fieldstone-signature"].removeprefix("t=").partition(",v1=")
    signed = f"{seconds}.".encode() + request.body
    assert digest == hmac.new(secret.encode(), signed, sha256).hexdigest()
