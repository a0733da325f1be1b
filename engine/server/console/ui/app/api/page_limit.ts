// The largest page that the server answers: a longer one would be refused, so that a shorter one is asked for.

let largest = Number.POSITIVE_INFINITY;

/** Ask for no longer pages than the role and the server allow from now on. */
export function limitPages(most: number | undefined): void {
  largest = most ?? Number.POSITIVE_INFINITY;
}

/** Return the number of records that one page has of those that are wanted. */
export function pageOf(wanted: number): number {
  return Math.min(wanted, largest);
}

/** Return a document and its variables with pages that the server answers; the others have to be asked for behind them. */
export function withPages<Variables extends object>(document: string, variables: Variables): [string, Variables] {
  const given = "first" in variables && typeof variables.first === "number" ? { first: pageOf(variables.first) } : {};
  return [
    document.replace(/\bfirst: (\d+)/g, (_, wanted: string) => `first: ${pageOf(Number(wanted))}`),
    { ...variables, ...given },
  ];
}
