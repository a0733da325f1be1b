// The places of changed rows in the order of their list, as the server orders them.

/** A changed row, and the nearest rows before and behind it that stand where they belong, as far as they are here. */
export type Place = { id: string; before: string | undefined; after: string | undefined };

/**
 * Return the ids of the rows that `ordered`, ids in the order of the list, has on the other side of a neighbour. `places`
 * are from the top down: a changed row that stands where it belongs is a neighbour of the next one.
 */
export function misplaced(places: readonly Place[], ordered: readonly string[]): string[] {
  const at = new Map(ordered.map((id, index) => [id, index]));
  let last = -1;
  return places.flatMap(({ id, before, after }) => {
    const own = at.get(id);
    if (own === undefined) return [];
    const [least, most] = [Math.max(last, at.get(before ?? "") ?? last), at.get(after ?? "") ?? own];
    if (least > own || most < own) return [id];
    last = own;
    return [];
  });
}
