"""The rule of CONTRIBUTING for English, as far as a program can hold it: each sentence names its subject."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.modules import ROOT, SOURCES, modules

_NO_SUBJECT = re.compile(r"\b(?:what|who|whom|whoever|anew)\b", re.IGNORECASE)
# Neither CONTRIBUTING, which names the words, nor this module.
_PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
_SCRIPTS = sorted(
    script
    for room in ("tests", "benchmarks")
    for pattern in ("*.sql", "*.js", "*.graphql")
    for script in (ROOT / room).rglob(pattern)
    if not {"node_modules", ".work"} & set(script.parts)
)
_TEXTS = (
    *(module for module in modules(*SOURCES, "tests", "benchmarks") if module.name != Path(__file__).name),
    *(text.relative_to(ROOT) for text in (*_PAGES, *_SCRIPTS)),
)
_INPUTS = re.compile(r"What can be rented\.|who''s who|\.\.\.Who\b|fragment Who on|assert \"anew\" not in")
"""The words where they are the input of a test."""


def _found(text: Path) -> Iterator[str]:
    lines = (ROOT / text).read_text(encoding="utf-8").splitlines()
    return (
        f"{text}:{number}: {line.strip()}"
        for number, line in enumerate(lines, 1)
        if _NO_SUBJECT.search(_INPUTS.sub("", line))
    )


def test_each_sentence_names_its_subject() -> None:
    assert len(_TEXTS) > 900
    assert [line for text in _TEXTS for line in _found(text)] == []


def test_the_rule_is_written_down() -> None:
    assert {"what", "who", "whoever", "anew"} <= set(re.findall(r"\w+", (ROOT / "CONTRIBUTING.md").read_text().lower()))
