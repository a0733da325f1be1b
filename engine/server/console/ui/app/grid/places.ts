// The places of changed rows in the order of their list, as the server orders them.

/** A row, and those that stand before and behind it where they are here. */
export type Place = { id: string; before: string | undefined; after: string | undefined };

/** Return the ids of the rows that `ordered`, ids in the order of the list, has on the other side of a neighbour. */
export function misplaced(places: readonly Place[], ordered: readonly string[]): string[] {
  const at = new Map(ordered.map((id, index) => [id, index]));
  return places.flatMap(({ id, before, after }) => {
    const own = at.get(id);
    if (own === undefined) return [];
    const [least, most] = [at.get(before ?? "") ?? own, at.get(after ?? "") ?? own];
    return least > own || most < own ? [id] : [];
  });
}
