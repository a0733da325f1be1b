"""`fieldstone secrets rotate`: encrypts the secrets in the database under the first key."""

import typer

from fieldstone.engine.server.cells.settings import by_cell
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.foundation import open_catalog
from fieldstone.engine.settings import Settings
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.catalog.secret_rotation import rotate_secrets


async def rotate(settings: Settings) -> None:
    """Encrypt plain secrets, and those under later keys, and print their number.

    Raises:
        CommandError: there is no key.
        MetadataError: a secret cannot be decrypted, or the catalog is not for this program.
    """
    if not settings.secret_key:
        raise CommandError("FIELDSTONE_SECRET_KEY is not set: set it to a key, `openssl rand -base64 32` makes one")
    count = 0
    for _, one in by_cell(settings):
        async with open_catalog(one) as (database, _, _):
            count += await rotate_secrets(database, SecretBox(settings.secret_key))
    done = f"encrypted {count}" if count else "nothing to do"
    typer.echo(f"All secrets are encrypted under the first key: {done}.")
