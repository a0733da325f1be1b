// A chart of some series over time.

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import type { Metrics } from "../../api/operations/operations.ts";
import { type Chart, describe, lastOf, printNumber } from "./charts.ts";

const HEIGHT = 150;

export function Plot({ chart, metrics }: { chart: Chart; metrics: Metrics }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);

  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return;
    }
    const made = new uPlot(optionsOf(chart, element), [[], ...chart.lines.map(() => [])], element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [chart]);

  useEffect(() => {
    const values = chart.lines.map(({ series }) => [...(metrics.series[series] ?? metrics.times.map(() => null))]);
    plot.current?.setData([[...metrics.times], ...values]);
  }, [chart, metrics]);

  return (
    <figure className="plot">
      <figcaption>
        <strong>{chart.title}</strong> {chart.unit}
      </figcaption>
      <div ref={place} role="img" aria-label={describe(chart, metrics.series)} />
      <ul className="plot-legend">
        {chart.lines.map(({ series, label, color }) => (
          <li key={series} data-color={color}>
            {label} <strong>{printNumber(lastOf(metrics.series[series]))}</strong>
          </li>
        ))}
      </ul>
    </figure>
  );
}

function optionsOf(chart: Chart, element: HTMLElement): uPlot.Options {
  const styles = getComputedStyle(element);
  const token = (name: string) => probe(element, name);
  const axis = {
    stroke: token("muted"),
    grid: { stroke: token("line"), width: 1 },
    ticks: { show: false },
    font: `11px ${styles.fontFamily}`,
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [axis, { ...axis, size: 44 }],
    series: [{}, ...chart.lines.map(({ label, color }) => ({ label, stroke: token(color), width: 1.5 }))],
  };
}

/** The colour of a token as the element sees it: a canvas understands no custom property and no light-dark(). */
function probe(element: HTMLElement, name: string): string {
  const span = document.createElement("span");
  span.style.color = `var(--${name})`;
  element.append(span);
  const { color } = getComputedStyle(span);
  span.remove();
  return color;
}
