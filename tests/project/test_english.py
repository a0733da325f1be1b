"""The rule of CONTRIBUTING for English, as far as a program can hold it: each sentence names its subject."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.project.modules import ROOT, SOURCES, modules

_NO_SUBJECT = re.compile(r"\b(?:what|who|whom|whoever|anew)\b", re.IGNORECASE)
# CONTRIBUTING names the words.
_PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md"))
_TEXTS = (
    *modules(*SOURCES),
    *(page.relative_to(ROOT) for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *_PAGES)),
)


def _found(text: Path) -> Iterator[str]:
    lines = (ROOT / text).read_text(encoding="utf-8").splitlines()
    return (f"{text}:{number}: {line.strip()}" for number, line in enumerate(lines, 1) if _NO_SUBJECT.search(line))


def test_each_sentence_names_its_subject() -> None:
    assert len(_TEXTS) > 300
    assert [line for text in _TEXTS for line in _found(text)] == []


def test_the_rule_is_written_down() -> None:
    assert {"what", "who", "whoever", "anew"} <= set(re.findall(r"\w+", (ROOT / "CONTRIBUTING.md").read_text().lower()))
