"""Positions as clients see them: numbers, or sealed texts for principals whose roles have restrictions.

A position counts the events of all workspaces and objects, so two numbers tell how much is written that a role does not
see. A sealed position is encrypted and authenticated under the key of its workspace, in 44 characters: it tells neither
its number nor whether it is another one's equal, and no other workspace takes it.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import field
from functools import lru_cache
from os import urandom
from typing import TYPE_CHECKING, Final

from fieldstone.engine.errors import BadUserInput
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.frozen import frozen

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

EPOCH: Final = 10**17
"""The positions of an epoch; a restored log counts on from the microseconds since 1970, which are 1.8 * 10**15."""

_DIGITS = 19
_BYTES = 8
_SALT = 9
"""With it a sealed position has 33 bytes: as many as have no padding in base64."""


@frozen
class Positions:
    """The form in which clients see the positions of a workspace.

    Attributes:
        key: the one of the workspace.
        epoch: that of the workspace, which its positions tell.
        sealed: whether clients are told no numbers.
    """

    key: bytes = field(repr=False)
    epoch: int
    sealed: bool

    def write(self, position: int) -> str:
        """Return a position as clients see it."""
        return self.seal(position, urandom(_SALT)) if self.sealed else str(number_of(position, self.epoch))

    def seal(self, position: int, salt: bytes = bytes(_SALT)) -> str:
        """Return a sealed position; without a salt the text is the same each time, as an event's own must be."""
        plain = number_of(position, self.epoch).to_bytes(_BYTES) + salt
        return urlsafe_b64encode(_cipher(self.key).encrypt(plain, None)).decode()

    def read(self, given: JsonValue, name: str) -> int:
        """Return a position that a client gives back, with its epoch; a sealed one is read in either form.

        Raises:
            BadUserInput: it is none of this workspace.
        """
        text = given if isinstance(given, str) else ""
        if not self.sealed and text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) < 2**63:
            return int(text)
        found = self._unseal(text)
        if found is None:
            raise unknown(name)
        return found

    def _unseal(self, text: str) -> int | None:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        try:
            sealed = urlsafe_b64decode(text)
            plain = _cipher(self.key).decrypt(sealed, None)
        except (ValueError, InvalidTag):
            return None
        # Base64 has other texts for the same bytes.
        return int.from_bytes(plain[:_BYTES]) if urlsafe_b64encode(sealed).decode() == text else None


def number_of(position: int, epoch: int) -> int:
    """Return the number of a position of an epoch, by which principals with all rights know it."""
    return position + epoch * EPOCH


def positions_of(view: Snapshot) -> Positions:
    """Return the form of the positions for principals with this view of their workspace."""
    workspace = view.workspace
    return Positions(key=workspace.seal_key, epoch=workspace.epoch, sealed=view.role is not None)


def unknown(name: str) -> BadUserInput:
    """Return the refusal of a position that the log of this workspace does not have."""
    return BadUserInput(
        f"'{name}' is no position of an event of this workspace: give one as a result told it, or read again"
        " without it.",
        field=name,
        extensions={"reason": "POSITION_UNKNOWN"},
    )


@lru_cache(maxsize=1_024)
def _cipher(key: bytes) -> "AESSIV":
    # Tens of milliseconds, which a server without sealed positions does without.
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV  # noqa: PLC0415

    return AESSIV(key)
