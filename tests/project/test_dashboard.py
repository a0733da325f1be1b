"""The Grafana dashboard names only metrics, labels and values that the page of the metrics has."""

import json
import re
from typing import Any

import pytest

from tests.project.modules import ROOT

DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "fieldstone.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")

_ROW = re.compile(r"^\| `(fieldstone_\w+)` \| (gauge|counter|histogram) \| ([^|]*) \|", re.MULTILINE)
_VALUES = re.compile(r"^\| `(fieldstone_\w+)` \| ((?:`\w+`(?:, )?)+) \| (.*) \|$", re.MULTILINE)
_NAME = re.compile(r"\bfieldstone_\w+")
_SELECTOR = re.compile(r"(fieldstone_\w+)\{([^}]*)\}")
_LABEL = re.compile(r'(\w+)(=~?)"([^"]*)"')
_OF_PROMETHEUS = {"job", "instance"}


def metrics() -> dict[str, set[str]]:
    """Return the labels of each series by its name, as the page has them."""
    found: dict[str, set[str]] = {}
    for name, kind, labels in _ROW.findall(PAGE):
        own = set(re.findall(r"`(\w+)`", labels))
        if kind == "histogram":
            found |= {f"{name}_bucket": own | {"le"}, f"{name}_sum": own, f"{name}_count": own}
        else:
            found[name] = own
    return found


def targets() -> list[tuple[str, dict[str, Any]]]:
    return [(panel["title"], target) for panel in DASHBOARD["panels"] for target in panel.get("targets", ())]


def test_the_page_and_the_dashboard_are_read() -> None:
    assert len(metrics()) > 40
    assert len(targets()) > 30


def test_every_metric_and_label_exists() -> None:
    known = metrics()
    for title, target in targets():
        expression = target["expr"]
        names = set(_NAME.findall(expression))
        assert names, title
        assert names - known.keys() == set(), title
        labels = set().union(*(known[name] for name in names))
        used = {label for _, selector in _SELECTOR.findall(expression) for label, _, _ in _LABEL.findall(selector)}
        for group in re.findall(r"\bby \(([^)]*)\)", expression):
            used |= {label.strip() for label in group.split(",")}
        used |= set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert used - labels - _OF_PROMETHEUS == set(), title


def test_every_value_of_a_label_exists() -> None:
    values = {name: set(re.findall(r"`(\w+)`", told)) for name, _, told in _VALUES.findall(PAGE)}
    asked = [
        (name, label, value)
        for _, target in targets()
        for name, selector in _SELECTOR.findall(target["expr"])
        for label, operator, value in _LABEL.findall(selector)
        if label not in _OF_PROMETHEUS and operator == "="
    ]
    assert asked
    assert [one for one in asked if one[1] != "status" or not one[2].isdigit() if one[2] not in values[one[0]]] == []


def test_counters_are_read_as_rates() -> None:
    for title, target in targets():
        for name in _NAME.findall(target["expr"]):
            if name.endswith(("_total", "_bucket")):
                assert re.search(rf"\b(rate|increase)\({name}\b", target["expr"]), title


def test_panels_have_places_of_their_own_and_one_source() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert {target["datasource"]["uid"] for _, target in targets()} == {"${datasource}"}


@pytest.mark.parametrize("variable", DASHBOARD["templating"]["list"][1:], ids=lambda variable: variable["name"])
def test_the_variables_come_from_metrics(variable: dict[str, Any]) -> None:
    assert set(_NAME.findall(variable["definition"])) <= metrics().keys()
