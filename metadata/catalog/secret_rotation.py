"""The secrets in the catalog as a whole: whether their keys are here, and their encryption under the first key."""

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.secret_box import SEALED, SecretBox, missing_key
from fieldstone.metadata.catalog.sessions import SessionSource
from fieldstone.metadata.errors import SecretUnreadable

_PORTION = 500
"""Secrets that one transaction encrypts: their webhooks stay locked until its end."""


async def check_secrets(sessions: SessionSource, box: SecretBox) -> None:
    """Return if the key of each secret is here.

    Raises:
        SecretUnreadable: a secret is encrypted under a key that is not here.
    """
    async with sessions.session() as connection:
        names = {name for (name,) in await fetch(connection, "secret_keys", sealed=f"{SEALED}%")}
    if missing := names.difference(box.names):
        raise SecretUnreadable(missing_key(sorted(missing)))


async def rotate_secrets(sessions: SessionSource, box: SecretBox) -> int:
    """Encrypt each secret under the first key that is not yet, and return their number.

    Safe to repeat, and to run several times at once.

    Raises:
        SecretUnreadable: a secret cannot be decrypted; those before it stay encrypted under the first key.
    """
    count = 0
    while True:
        async with sessions.session() as connection, connection.transaction():
            found = await fetch(connection, "secrets_to_rotate", current=f"{box.prefix}%", portion=_PORTION)
            if not found:
                return count
            ids, texts = zip(*((id_, box.seal(box.open(stored))) for id_, stored in found), strict=True)
            await connection.execute(QUERIES["replace_secrets"], {"ids": list(ids), "secrets": list(texts)})
        count += len(found)
