"""The keys of `FIELDSTONE_SECRET_KEY`, as Fernet uses them."""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NAME_BYTES = 6
_FERNET_BYTES = 32


class SecretKeys:
    """The keys: the first one encrypts, and each one decrypts.

    Args:
        keys: texts of high entropy, at least one. They are not kept.

    Attributes:
        names: their names, in order; a name tells nothing of its key.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self.names = tuple(_derive(key, "name", _NAME_BYTES).hex() for key in keys)
        self._fernet = MultiFernet(
            [Fernet(base64.urlsafe_b64encode(_derive(key, "secrets", _FERNET_BYTES))) for key in keys]
        )

    def encrypt(self, secret: str) -> str:
        """Return the Fernet token of a secret."""
        return self._fernet.encrypt(secret.encode()).decode("ascii")

    def decrypt(self, token: str) -> str | None:
        """Return the secret of a Fernet token; None if none of the keys has made it."""
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            return None


def _derive(key: str, purpose: str, length: int) -> bytes:
    """Return bytes that belong to a key and a purpose, so that no two purposes share a key."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"fieldstone {purpose}".encode()).derive(
        key.encode()
    )
