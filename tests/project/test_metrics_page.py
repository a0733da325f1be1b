"""The metrics page lists the metrics of the code: names, types, labels and meanings."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.project.modules import ROOT
from tests.project.tables import check_table

_TYPES = {
    "Counter": "counter",
    "CounterMetricFamily": "counter",
    "Gauge": "gauge",
    "GaugeMetricFamily": "gauge",
    "HistogramMetricFamily": "histogram",
}


def _metrics(module: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield (name, type, labels, meaning) of each metric that a module makes, in its order."""
    calls = [node for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        if not isinstance(call.func, ast.Name) or call.func.id not in _TYPES:
            continue
        if not (call.args and isinstance(call.args[0], ast.Constant)):
            continue  # the standard library's Counter
        kind = _TYPES[call.func.id]
        name, meaning, *others = [ast.literal_eval(one) for one in call.args if not isinstance(one, ast.Name)]
        given = {one.arg: one.value for one in call.keywords}
        labels = others[0] if others else ast.literal_eval(given["labels"]) if "labels" in given else ()
        shown = f"`{name}_total`" if kind == "counter" else f"`{name}`"
        yield shown, kind, " ".join(f"`{label}`" for label in labels) or "-", meaning


def test_the_page_lists_each_metric() -> None:
    modules = sorted((ROOT / "engine").rglob("*.py"))
    rows = [row for module in modules for row in _metrics(module)]
    assert len(rows) > 30
    check_table("docs/reference/metrics.md", ("metric", "type", "labels", "meaning"), rows)
