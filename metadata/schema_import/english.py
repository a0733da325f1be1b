"""Singular and plural names from a table's name, as far as English is regular."""

import re

from fieldstone.metadata.changes.rules.names import derive_name

_HISSES = ("s", "x", "z", "ch", "sh")
_SINGULAR_ENDINGS = ("ss", "us", "is", "news")


def object_names(table: str) -> tuple[str, str]:
    """Return the names of one record and of several: film_actors gives filmActor, filmActors."""
    name = derive_name(re.sub(r"[^A-Za-z0-9]+", " ", table)) or "object"
    singular = singular_of(name)
    return singular, plural_of(singular)


def singular_of(name: str) -> str:
    """Return the name of one: companies gives company; a name that looks singular stays as it is."""
    lower = name.lower()
    if not lower.endswith("s") or lower.endswith(_SINGULAR_ENDINGS) or len(name) < 4:
        return name
    if lower.endswith("ies"):
        return f"{name[:-3]}y"
    if lower.endswith("es") and lower[:-2].endswith(("ss", "x", "z", "ch", "sh")):
        return name[:-2]
    return name[:-1]


def plural_of(name: str) -> str:
    """Return the name of several: company gives companies."""
    lower = name.lower()
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if lower.endswith(_HISSES) else f"{name}s"
