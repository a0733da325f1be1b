// The relations of a graph, from those that the API lists at both of their ends.

export interface Relation {
  id: string;
  type: string;
  source: string;
  sourceLabel: string;
  target: string;
  targetLabel: string;
}

/** A relation as one of its ends sees it; an object or a field that the role does not see is null. */
export interface RelationRow {
  id: string;
  type: string;
  sourceFieldId: string;
  targetFieldId: string;
  sourceObject: { nameSingular: string } | null;
  sourceField: { label: string } | null;
  targetObject: { nameSingular: string } | null;
  targetField: { label: string } | null;
}

/** Return each relation once, from the object that has its key, if the role sees both objects. */
export function onceEach(rows: readonly RelationRow[]): Relation[] {
  const found = new Map<string, Relation>();
  for (const row of rows) {
    const { id, type, sourceFieldId, targetFieldId, sourceObject, targetObject } = row;
    if (sourceObject === null || targetObject === null || type === "ONE_TO_MANY") continue;
    found.set([sourceFieldId, targetFieldId].sort().join(), {
      id,
      type,
      source: sourceObject.nameSingular,
      sourceLabel: row.sourceField?.label ?? "",
      target: targetObject.nameSingular,
      targetLabel: row.targetField?.label ?? "",
    });
  }
  return [...found.values()];
}
