"""The command `fieldstone`, also `python -m fieldstone.engine`."""

import os
import sys

from fieldstone.engine.server.cli.commands.root import cli


def main() -> None:
    """Run the command that the command line asks for."""
    _open_missing_streams()
    cli()


def _open_missing_streams() -> None:
    """Have the standard streams that were closed lead nowhere.

    A socket would get the number of one, which libuv ends the process for.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)
            # The workers and the embedded PostgreSQL need it as well.
            os.set_inheritable(number, True)
            setattr(sys, name, open(number, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - it stays open


if __name__ == "__main__":
    main()
