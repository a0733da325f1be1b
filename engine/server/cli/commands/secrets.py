"""`fieldstone secrets`: its command."""

import typer

from fieldstone.engine.server import cli as work

secrets = typer.Typer(no_args_is_help=True, help="Keep the secrets in the database encrypted.")


@secrets.command("rotate")
def rotate_secrets() -> None:
    """Encrypt all secrets in the database under the first key of `FIELDSTONE_SECRET_KEY`.

    Plain secrets are encrypted, and those under a later key of the list again; then the later keys may go. Safe to
    repeat, and while servers run that have all keys of the list.
    """
    work.exit_codes.run(work.secrets.rotate)
