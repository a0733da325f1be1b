"""The plots."""

from xml.etree import ElementTree as ET

from benchmarks.chart import render_chart
from tests.benchmarks.runs import measurement, run_of

_SVG = "{http://www.w3.org/2000/svg}"


def test_the_longest_bar_of_each_panel_is_as_long_whatever_its_scale() -> None:
    run = run_of(
        measurement("W1", "fieldstone", 8, rate=12_000.0),
        measurement("W1", "baseline", 8, rate=6_000.0),
        measurement("W4", "fieldstone", 8, rate=50.0),
        measurement("W4", "baseline", 8, rate=100.0),
    )
    image = ET.fromstring(render_chart(run, 8))  # noqa: S314 - our own text
    widths = [float(bar.attrib["width"]) for bar in image.iter(f"{_SVG}rect")]
    assert widths[0] == widths[3] == 2 * widths[1] == 2 * widths[2]
    words = [text.text for text in image.iter(f"{_SVG}text")]
    assert {"12,000", "50.0", "By hand", "W1: a person by id"} <= set(words)


def test_a_workload_without_peers_has_no_panel() -> None:
    run = run_of(
        measurement("W1", "fieldstone", 8, rate=2.0),
        measurement("W1", "baseline", 8, rate=1.0),
        measurement("W4", "fieldstone", 8, rate=2.0),
        measurement("W4", "rest", 8, rate=1.0),
    )
    image = ET.fromstring(render_chart(run, 8))  # noqa: S314 - our own text
    assert [text.text for text in image.iter(f"{_SVG}text") if text.text and text.text.startswith("W")] == [
        "W1: a person by id"
    ]
