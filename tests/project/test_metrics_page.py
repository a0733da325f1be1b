"""The metrics page lists the metrics of the code: names, types, labels and meanings."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.project.modules import ROOT
from tests.project.tables import check_table

_TYPES = {
    "Counter": "counter",
    "CounterMetricFamily": "counter",
    "Gauge": "gauge",
    "GaugeMetricFamily": "gauge",
    "HistogramMetricFamily": "histogram",
    "_COUNTER": "counter",
    "_GAUGE": "gauge",
}


def _metrics(module: Path) -> Iterator[tuple[str, str, str, str]]:
    """Yield (name, type, labels, meaning) of each metric that a module makes, in its order."""
    calls = [node for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        if not isinstance(call.func, ast.Name):
            continue
        if call.func.id == "Row" and isinstance(call.args[0], ast.Name):
            name, meaning = (ast.literal_eval(one) for one in call.args[1:3])
            labels = ast.literal_eval(call.args[4]) if len(call.args) > 4 else ()
            yield _row(_TYPES[call.args[0].id], f"fieldstone_{name}", labels, meaning)
            continue
        if call.func.id not in _TYPES or not (call.args and isinstance(call.args[0], ast.Constant)):
            continue  # the standard library's Counter
        kind = _TYPES[call.func.id]
        name, meaning, *others = [ast.literal_eval(one) for one in call.args if not isinstance(one, ast.Name)]
        given = {one.arg: one.value for one in call.keywords}
        labels = others[0] if others else ast.literal_eval(given["labels"]) if "labels" in given else ()
        yield _row(kind, name, labels, meaning)


def _row(kind: str, name: str, labels: Sequence[str], meaning: str) -> tuple[str, str, str, str]:
    shown = f"`{name}_total`" if kind == "counter" else f"`{name}`"
    return shown, kind, " ".join(f"`{label}`" for label in labels) or "-", meaning


def test_the_page_lists_each_metric() -> None:
    modules = sorted((ROOT / "engine").rglob("*.py"))
    rows = [row for module in modules for row in _metrics(module)]
    assert len(rows) > 30
    check_table("docs/reference/metrics.md", ("metric", "type", "labels", "meaning"), rows)
