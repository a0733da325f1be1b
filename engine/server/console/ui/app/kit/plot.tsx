// A chart of some series over time.

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import { printNumber } from "./numbers.ts";
import { type Chart, describe, lastOf, type Series } from "./plot_words.ts";
import { printHour } from "./times.ts";
import "./plot.css";

const HEIGHT = 150;

export interface PlotProps {
  chart: Chart;
  /** The seconds since 1970 of the steps. */
  times: readonly number[];
  /** The values of each series at these steps. */
  series: Series;
}

export function Plot({ chart, times, series }: PlotProps) {
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
    const values = chart.lines.map((line) => [...(series[line.series] ?? times.map(() => null))]);
    plot.current?.setData([[...times], ...values]);
  }, [chart, times, series]);

  return (
    <figure className="plot">
      <figcaption>
        <strong>{chart.title}</strong> {chart.unit}
      </figcaption>
      <div ref={place} role="img" aria-label={describe(chart, series)} />
      <ul className="plot-legend">
        {chart.lines.map((line) => (
          <li key={line.series} data-color={line.color}>
            {line.label} <strong>{printNumber(lastOf(series[line.series]))}</strong>
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
    axes: [
      { ...axis, values: (_plot, at) => at.map(printHour) },
      { ...axis, size: 44 },
    ],
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
