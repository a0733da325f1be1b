"""Secrets that Fieldstone must be able to read again, encrypted at rest under `FIELDSTONE_SECRET_KEY`.

A sealed secret is `sealed:KEY:TOKEN`: the name of the key and a Fernet token, which is AES-128-CBC with an HMAC. By the
name a start can tell that a key is missing. https://cryptography.io/en/latest/fernet/
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from fieldstone.metadata.errors import SecretUnreadable

if TYPE_CHECKING:
    from fieldstone.metadata.catalog.secret_keys import SecretKeys

SEALED: Final = "sealed:"
"""The beginning of every sealed secret."""


class SecretBox:
    """Seals and opens secrets; without a key it leaves them as they are.

    Args:
        keys: texts of high entropy: the first one seals, and each one opens. They are not kept.

    Attributes:
        names: the names of the keys, in order; a name tells nothing of its key.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._keys = _build_keys(keys) if keys else None
        self.names = self._keys.names if self._keys else ()

    @property
    def prefix(self) -> str:
        """The beginning of a secret that is sealed under the first key; empty without a key."""
        return f"{SEALED}{self.names[0]}:" if self.names else ""

    def seal(self, secret: str) -> str:
        """Return the text to store."""
        return secret if self._keys is None else self.prefix + self._keys.encrypt(secret)

    def open(self, stored: str) -> str:
        """Return the secret of a stored text; one that was stored without a key is the text itself.

        Raises:
            SecretUnreadable: the text is sealed under a key that is not here, or was changed.
        """
        if not stored.startswith(SEALED):
            return stored
        name, _, token = stored.removeprefix(SEALED).partition(":")
        if self._keys is None or name not in self.names:
            raise SecretUnreadable(missing_key([name]))
        secret = self._keys.decrypt(token)
        if secret is None:
            raise SecretUnreadable(f"a secret that is sealed under the key {name} was changed in the database")
        return secret


def missing_key(names: Sequence[str]) -> str:
    """Return the sentence about secrets under keys with these names, which the settings lack."""
    shown = ", ".join(sorted(names))
    return (
        f"secrets in the database are encrypted under the key {shown}, which FIELDSTONE_SECRET_KEY does not list:"
        " add that key behind the first one"
    )


def _build_keys(keys: Sequence[str]) -> "SecretKeys":
    # Fifty modules, which a server without a key does without.
    from fieldstone.metadata.catalog.secret_keys import SecretKeys  # noqa: PLC0415

    return SecretKeys(keys)
