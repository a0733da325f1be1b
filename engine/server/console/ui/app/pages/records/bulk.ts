// The records that an action on the selection of a list concerns.

export type Bulk = { filter: object; count: number; ids: readonly string[] };
