"""The declaration of a setting and of a group of settings, which reads them."""

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Never, Self

from fieldstone.engine.settings.readers import find_reader

_SHOWN = 60


class ConfigurationError(Exception):
    """A setting breaks a rule; the sentence names the variable and a value that would pass."""


class Setting:
    """A setting of a group.

    Attributes:
        name: that of the group's attribute.
        variable: its name in the environment; FIELDSTONE_ with the name in upper case unless given.
        default: the value where nothing is given.
        description: a sentence about it.
        accepts: completes the sentence "it must be ...".
        secret: whether its value is never shown.
        least: the smallest number.
        most: the largest number.
        above: a bound below each number.
    """

    name: str

    def __init__(
        self,
        default: Any,
        description: str,
        accepts: str,
        *,
        variable: str = "",
        secret: bool = False,
        least: float | None = None,
        most: float | None = None,
        above: float | None = None,
    ) -> None:
        self.default = default
        self.description = description
        self.accepts = accepts
        self.variable = variable
        self.secret = secret
        self.least = least
        self.most = most
        self.above = above

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.variable = self.variable or f"FIELDSTONE_{name.upper()}"
        self._read = find_reader(vars(owner)["__annotations__"][name])

    def read(self, given: Any) -> Any:
        """Return the value of a text, or of a value from code.

        Raises:
            ConfigurationError: it is none of this setting.
        """
        try:
            value = self._read(given)
        except (ValueError, TypeError):
            is_right = False
        else:
            is_right = value is None or self._is_within(value)
        if not is_right:
            raise ConfigurationError(self._refusal(given))
        return value

    def _is_within(self, value: Any) -> bool:
        return (
            (self.least is None or value >= self.least)
            and (self.most is None or value <= self.most)
            and (self.above is None or value > self.above)
        )

    def _refusal(self, given: Any) -> str:
        text = repr(given)
        shown = text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."
        return f"{self.variable} must be {self.accepts}{'' if self.secret else f', not {shown}'}."


class Group:
    """Settings that belong together; frozen.

    The values of the arguments, by the names of attributes, stand in the place of the environment's. An empty variable
    counts as unset.

    Attributes:
        declared: the settings by name, in the order of the documentation.
        given: the names of the settings that are not left at their defaults.

    Raises:
        ConfigurationError: a setting breaks a rule, or there is no such setting.
    """

    declared: ClassVar[Mapping[str, Setting]] = {}
    given: frozenset[str]

    def __init_subclass__(cls) -> None:
        members = [member for base in reversed(cls.__mro__) for member in vars(base).values()]
        cls.declared = {member.name: member for member in members if isinstance(member, Setting)}

    def __init__(self, **arguments: Any) -> None:
        environment = {name: os.environ.get(one.variable) for name, one in self.declared.items()}
        given = {name: text for name, text in environment.items() if text} | arguments
        vars(self).update(
            (name, one.read(given[name]) if name in given else one.default) for name, one in self.declared.items()
        )
        for name in given.keys() - self.declared.keys():
            where = "those that there are stand in fieldstone.engine.settings.Settings"
            raise ConfigurationError(f"There is no setting {name!r}; {where}.")
        vars(self)["given"] = frozenset(given)
        self.check()

    def __setattr__(self, name: str, value: Never) -> None:
        raise AttributeError(f"{name} is read-only")

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name, one in self.declared.items() if not one.secret)
        return f"{type(self).__name__}({', '.join(shown)})"

    def check(self) -> None:
        """Check the rules between settings; a group with rules of its own checks those of its bases first.

        Raises:
            ConfigurationError: one is broken.
        """

    def replaced(self, **values: Any) -> Self:
        """Return the same settings with other values, which nothing checks."""
        made = object.__new__(type(self))
        vars(made).update(vars(self) | values)
        return made


def setting(default: Any, description: str, accepts: str, **details: Any) -> Any:
    """Declare a setting, see `Setting`."""
    return Setting(default, description, accepts, **details)


def whole(default: int, description: str, *, variable: str = "", least: int = 1, most: int = 2**31 - 1) -> Any:
    """Declare a whole number within bounds."""
    upper = f" to {most}" if most < 2**31 - 1 else " up"
    accepts = f"a whole number from {least}{upper}, {default} for instance"
    return setting(default, description, accepts, variable=variable, least=least, most=most)


def seconds(default: float, description: str) -> Any:
    """Declare a time of at most a day."""
    accepts = f"a number of seconds above 0, {default:g} for instance"
    return setting(default, description, accepts, above=0, most=86_400)
