"""Finds variables of the environment that look like settings and are none: a setting misspelled is a setting unset."""

from collections.abc import Mapping

from fieldstone.engine.settings.settings import Settings
from fieldstone.metadata.known_names import find_close

_PREFIX = "FIELDSTONE_"
_OF_COMMANDS = ("FIELDSTONE_KEY", "FIELDSTONE_URL")
"""Those that `fieldstone export` and `fieldstone import` read."""


def find_unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for each variable with the prefix of settings that is none, by the variables' names."""
    known = [*(str(field.validation_alias) for field in Settings.model_fields.values()), *_OF_COMMANDS]
    unknown = sorted(name for name in environ if name.upper().startswith(_PREFIX) and name not in known)
    # The prefix that all have would make each close to each.
    ends = {name.removeprefix(_PREFIX): name for name in known}
    return [_describe(name, ends) for name in unknown]


def _describe(name: str, ends: Mapping[str, str]) -> str:
    close = find_close(name[len(_PREFIX) :], ends, is_bounded=False)
    hint = f": did you mean {ends[close[0]]}?" if close else "; docs/reference/configuration.md lists the settings."
    return f"{name} is not a setting{hint}"
