"""The paths that the documentation names are there."""

import re

from tests.project.documentation import ROOT, pages

_PATH = re.compile(r"`((?:engine|metadata|sql|tests|benchmarks|docs)/[\w./-]*)[`:]")
_LINK = re.compile(r"\]\(([\w./-]+)(?:#[\w-]*)?\)")
_EXAMPLES = {"tests/golden/NAME.graphql", "benchmarks/results/"}
"""What stands for any name, and what is there once it has been made."""


def test_the_paths_that_are_named_are_there() -> None:
    named = [(page, path) for page in pages() for path in _PATH.findall(page.read_text(encoding="utf-8"))]
    assert len(named) > 20
    assert [one for one in named if one[1] not in _EXAMPLES and not (ROOT / one[1]).exists()] == []


def test_the_pages_that_are_linked_are_there() -> None:
    linked = [(page, path) for page in pages() for path in _LINK.findall(page.read_text(encoding="utf-8"))]
    assert len(linked) > 10
    assert [one for one in linked if not (one[0].parent / one[1]).exists()] == []
