"""The results as a picture: an SVG of bars that a README can show, in light and in dark."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from benchmarks.results import Run
from benchmarks.tables import format_rate

_WIDTH, _COLUMNS, _GAP = 880, 2, 36
_TITLE, _BAR, _STEP, _LABEL, _VALUE = 26, 16, 22, 196, 60
_SUBJECT = "fieldstone"
_OWN = frozenset({_SUBJECT, "rest"})
_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 13px }
.subject { fill: #b3541e } .other { fill: #8c959f } .slight { fill: #59636e }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .subject { fill: #f0883e } .other { fill: #6e7681 } .slight { fill: #9198a1 }
}
"""


def render_chart(run: Run, connections: int) -> str:
    """Return the requests per second at a number of connections, a panel for each workload with a scale of its own.

    Workloads that no peer was asked are left out.
    """
    panel_width = (_WIDTH - _GAP * (_COLUMNS - 1)) / _COLUMNS
    rates = {
        workload: {name: one.rate for name in run.servers if (one := run.middle(workload, name, connections))}
        for workload in run.workloads
    }
    panels, y = [], 34.0
    for row in _rows([workload for workload, found in rates.items() if found.keys() - _OWN]):
        for column, workload in enumerate(row):
            x = column * (panel_width + _GAP)
            panel = _panel(f"{workload}: {run.titles[workload]}", rates[workload], run.labels, panel_width)
            panels += [f'<g transform="translate({x:g} {y:g})">', *panel, "</g>"]
        y += _TITLE + _STEP * max(len(rates[workload]) for workload in row) + _GAP / 2
    title = f"Requests per second, {connections} connections (more is better)"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y:g}" role="img" aria-label="{title}">',
        f"<style>{_STYLE}</style>",
        f'<text class="title" x="0" y="16">{title}</text>',
    ]
    return "\n".join([*lines, *panels, "</svg>"]) + "\n"


def _rows(workloads: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(workloads), _COLUMNS):
        yield workloads[first : first + _COLUMNS]


def _panel(title: str, found: Mapping[str, float], labels: Mapping[str, str], width: float) -> Iterator[str]:
    heading = title.replace("`", "")
    yield f'<text class="title" x="0" y="16">{escape(heading)}</text>'
    scale = (width - _LABEL - _VALUE) / max(found.values(), default=1)
    for place, (name, rate) in enumerate(found.items()):
        y = _TITLE + place * _STEP
        kind = "subject" if name == _SUBJECT else "other"
        length = max(1.0, rate * scale)
        yield f'<text x="{_LABEL - 8}" y="{y + 12}" text-anchor="end">{escape(labels[name])}</text>'
        yield f'<rect class="{kind}" x="{_LABEL}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>'
        yield f'<text class="slight" x="{_LABEL + length + 6:.1f}" y="{y + 12}">{format_rate(rate)}</text>'
