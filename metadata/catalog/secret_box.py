"""Secrets that Fieldstone must be able to read again, encrypted at rest under `FIELDSTONE_SECRET_KEY`.

A sealed secret is `sealed:KEY:TOKEN`: the name of the key and a Fernet token, which is AES-128-CBC with an HMAC. By the
name a start can tell that a key is missing. https://cryptography.io/en/latest/fernet/
"""

import base64
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fieldstone.metadata.errors import SecretUnreadable

SEALED: Final = "sealed:"
"""The beginning of every sealed secret."""

_NAME_BYTES = 6
_FERNET_BYTES = 32


class SecretBox:
    """Seals and opens secrets; without a key it leaves them as they are.

    Args:
        keys: texts of high entropy: the first one seals, and each one opens. They are not kept.

    Attributes:
        names: the names of the keys, in order; a name tells nothing of its key.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self.names = tuple(_derive(key, "name", _NAME_BYTES).hex() for key in keys)
        fernets = [Fernet(base64.urlsafe_b64encode(_derive(key, "secrets", _FERNET_BYTES))) for key in keys]
        self._fernet = MultiFernet(fernets) if fernets else None

    @property
    def prefix(self) -> str:
        """The beginning of a secret that is sealed under the first key; empty without a key."""
        return f"{SEALED}{self.names[0]}:" if self.names else ""

    def seal(self, secret: str) -> str:
        """Return the text to store."""
        if self._fernet is None:
            return secret
        return self.prefix + self._fernet.encrypt(secret.encode()).decode("ascii")

    def open(self, stored: str) -> str:
        """Return the secret of a stored text; one that was stored without a key is the text itself.

        Raises:
            SecretUnreadable: the text is sealed under a key that is not here, or was changed.
        """
        if not stored.startswith(SEALED):
            return stored
        name, _, token = stored.removeprefix(SEALED).partition(":")
        if self._fernet is None or name not in self.names:
            raise SecretUnreadable(missing_key([name]))
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise SecretUnreadable(
                f"a secret that is sealed under the key {name} was changed in the database"
            ) from None


def missing_key(names: Sequence[str]) -> str:
    """Return the sentence about secrets under keys with these names, which the settings lack."""
    shown = ", ".join(sorted(names))
    return (
        f"secrets in the database are encrypted under the key {shown}, which FIELDSTONE_SECRET_KEY does not list:"
        " add that key behind the first one"
    )


def _derive(key: str, purpose: str, length: int) -> bytes:
    """Return bytes that belong to a key and a purpose, so that no two purposes share a key."""
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=f"fieldstone {purpose}".encode()).derive(
        key.encode()
    )
