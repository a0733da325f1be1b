// The largest sizes of the console, in thousands of bytes, compressed: the build fails beyond.

export const BUDGET = { first: 280, route: 150, all: 800 };

/** A line for each size beyond its budget: that of the first route, of the own files of another one, or of the whole. */
export function linesOver(firstRoute, { first, routes, all }) {
  return [
    [firstRoute, first, BUDGET.first],
    ...Object.entries(routes).map(([name, size]) => [name, size, BUDGET.route]),
    ["the whole console", all, BUDGET.all],
  ]
    .filter(([, size, budget]) => size > budget)
    .map(([name, size, budget]) => `${name}: ${size} kB compressed, more than ${budget}`);
}
