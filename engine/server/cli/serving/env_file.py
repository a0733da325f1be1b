"""A file with settings that the environment of a process does not have."""

import os

from fieldstone.engine.server.cli.command_error import CommandError


def read_env_file(path: str | None) -> dict[str, str]:
    """Return the variables of a file with lines such as NAME=VALUE, without those that the environment has.

    Raises:
        CommandError: it cannot be read, or has a variable that no process can have.
    """
    if path is None:
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - few starts have such a file

    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - as given
            found = dotenv_values(stream=file, interpolate=False)
    except OSError as error:
        raise CommandError(f"the file '{path}' of --env-file cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError(f"the file '{path}' of --env-file cannot be read: it is not UTF-8.") from None
    given = {name: value for name, value in found.items() if value is not None and name not in os.environ}
    for name, value in given.items():
        if "=" in name or "\0" in name + value:
            raise CommandError(
                f"the file '{path}' of --env-file gives {name!r}, which cannot be: no name has '=', and neither a name"
                " nor a value has the character 0."
            )
    return given
