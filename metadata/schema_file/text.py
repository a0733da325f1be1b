"""A document as YAML: numbers keep their digits, and only `true` and `false` are booleans."""

import re
from decimal import Decimal
from typing import Any

import yaml

from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue, read_decimal

_WIDTH = 120
_FLOAT = "tag:yaml.org,2002:float"
_BOOL = "tag:yaml.org,2002:bool"
_TEXT = "tag:yaml.org,2002:str"
_REPLACED = {_FLOAT, _BOOL, "tag:yaml.org,2002:timestamp"}

_NUMBER = re.compile(r"^-?[0-9]+(\.[0-9]+([eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)$", re.ASCII)
_BREAKS = re.compile("[\x85\u2028\u2029]")


def write_document(document: JsonValue) -> str:
    """Return the document as YAML."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text


def read_document(text: str) -> JsonValue:
    """Return the value of a YAML text.

    Raises:
        InvalidChange: it is not YAML, or has a name twice.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidChange(f"it cannot be read as YAML: {error}") from None


class _Dumper(yaml.SafeDumper):
    """Writes Decimals as numbers, and the same value twice rather than a reference to it."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as the base class has it
        return True


class _Loader(yaml.SafeLoader):
    """Reads the values of JSON alone, words such as `no` and dates as text, and refuses a name that is there twice."""

    # The resolvers of the base class by the first character, but for those that are replaced here.
    yaml_implicit_resolvers = {  # noqa: RUF012 - as the base class has it
        first: [(tag, pattern) for tag, pattern in known if tag not in _REPLACED]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        # A value with another tag than its form gives it is none of JSON (!!set), or is not of its tag (!!int "").
        own = self.resolve(type(node), node.value, (True, False))  # type: ignore[no-untyped-call]  # not in the stubs
        if node.tag not in {_TEXT, own}:
            raise yaml.constructor.ConstructorError(None, None, f"{node.tag} is no tag for this", node.start_mark)
        return super().construct_object(node, deep)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue  # the base class refuses it
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Only between double quotes are these escaped; elsewhere they end a line.
    style = '"' if _BREAKS.search(text) else None
    return dumper.represent_scalar(_TEXT, text, style=style)


def _write_decimal(dumper: yaml.SafeDumper, number: Decimal) -> yaml.ScalarNode:
    text = format(number, "f")
    return dumper.represent_scalar(_FLOAT, text if "." in text else f"{text}.0")


def _read_decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    return read_decimal(str(loader.construct_scalar(node)))


_Dumper.add_representer(str, _write_text)
_Dumper.add_representer(Decimal, _write_decimal)
# A text that would be read as a number must be quoted.
_Dumper.add_implicit_resolver(_FLOAT, _NUMBER, list("-0123456789"))
_Loader.add_constructor(_FLOAT, _read_decimal)
_Loader.add_implicit_resolver(_FLOAT, _NUMBER, list("-0123456789"))
_Loader.add_implicit_resolver(_BOOL, re.compile("^(true|false)$"), list("tf"))
