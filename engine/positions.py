"""Positions as clients see them: numbers, or sealed texts for principals whose roles have restrictions.

A position counts the events of all workspaces and objects, so two numbers tell how much is written that a role does not
see. A sealed position is encrypted and authenticated under the key of its workspace, in 44 characters: it tells neither
its number nor whether it is another one's equal, and no other workspace takes it.

The cipher is SIV (https://eprint.iacr.org/2006/221) with keyed BLAKE2b as its function: the first 16 bytes are a hash
of the rest, and the mask of the rest is a hash of them. `cryptography` has AES-SIV, but its import takes tens of
milliseconds, which a server without encrypted secrets does not need.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import blake2b
from hmac import compare_digest
from os import urandom
from typing import Final

from fieldstone.engine.errors import BadUserInput
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot

EPOCH: Final = 10**17
"""The positions of an epoch; a restored log counts on from the microseconds since 1970, which are 1.8 * 10**15."""

_DIGITS = 19
_BYTES = 8
_TAG = 16
_SALT = 9
"""With it a sealed position has 33 bytes: as many as have no padding in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
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
        tag = self._hash(plain, _TAG, b"tag")
        return urlsafe_b64encode(tag + self._mask(plain, tag)).decode()

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
        try:
            sealed = urlsafe_b64decode(text)
        except ValueError:
            return None
        tag, masked = sealed[:_TAG], sealed[_TAG:]
        # Base64 has other texts for the same bytes.
        if len(masked) != _BYTES + _SALT or urlsafe_b64encode(sealed).decode() != text:
            return None
        plain = self._mask(masked, tag)
        return int.from_bytes(plain[:_BYTES]) if compare_digest(tag, self._hash(plain, _TAG, b"tag")) else None

    def _mask(self, text: bytes, tag: bytes) -> bytes:
        """Return a plain text masked, or a masked one plain."""
        mask = self._hash(tag, len(text), b"mask")
        return (int.from_bytes(text) ^ int.from_bytes(mask)).to_bytes(len(text))

    def _hash(self, text: bytes, size: int, use: bytes) -> bytes:
        if not self.key:
            raise ValueError("a workspace that was not inserted has no key")
        return blake2b(text, key=self.key, digest_size=size, person=use).digest()


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
