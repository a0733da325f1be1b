"""The page about the command line lists each command and option with its help."""

import re
from collections.abc import Iterator
from typing import Any

import typer

from fieldstone.engine.server.cli.commands.root import cli
from tests.project.modules import ROOT
from tests.project.tables import check_table, line

_PAGE = "docs/reference/command-line.md"


def _commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    # typer brings a click of its own, whose types it does not tell.
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for part, child in children.items():
        yield from _commands(child, f"{name} {part}")


def _all() -> list[tuple[str, Any]]:
    return sorted(_commands(typer.main.get_command(cli), "fieldstone"))


def _summary(text: str | None) -> str:
    return re.split(r"\n\n", text or "")[0].replace("\n", " ").strip()


def _option(option: Any) -> tuple[str, str]:
    name = option.opts[0] if option.param_type_name == "option" else str(option.metavar or option.name).upper()
    text = re.sub(r"\s+", " ", str(getattr(option, "help", "") or "")).strip()
    return f"`{name}`", text


def test_the_page_lists_each_command() -> None:
    rows = [(f"`{name}`", _summary(command.help)) for name, command in _all()]
    assert len(rows) > 10
    check_table(_PAGE, ("command", "purpose"), rows)


def test_the_page_lists_each_option() -> None:
    page = (ROOT / _PAGE).read_text(encoding="utf-8")
    for name, command in _all():
        rows = [line(_option(one)) for one in command.params if "--help" not in one.opts]
        _, found, section = page.partition(f"\n## {name}\n")
        assert found, f"{_PAGE} lacks a section '## {name}' with\n\n" + "\n".join(rows)
        lines = section.partition("\n## ")[0].splitlines()
        documented = [one for one in lines if one.startswith("| `")]
        assert documented == rows, f"the table under '## {name}' in {_PAGE} has to be:\n\n" + "\n".join(rows)
