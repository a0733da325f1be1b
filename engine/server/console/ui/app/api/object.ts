import { type Field, labelsOf, type ObjectModel, type Option, type RelationType, type TargetObject } from "./model.ts";

type Edges<Node> = { edges: readonly { node: Node }[] };

type TargetNode = Omit<TargetObject, "labels"> & { fields: Edges<{ name: string; type: string }> };

export type FieldNode = Omit<Field, "options" | "settings" | "relation"> & {
  options: readonly Option[] | null;
  settings: Record<string, unknown> | null;
  relation: { type: RelationType; targetObject: TargetNode | null; targetField: { name: string } | null } | null;
};

export type ObjectNode = Omit<ObjectModel, "fields" | "labels"> & {
  fields: Edges<FieldNode> & { pageInfo: { hasNextPage: boolean; endCursor: string | null } };
};

/** Return the object of an answer of ConsoleObject, with its fields in the model's order and system fields last. */
export function decodeObject(node: ObjectNode): ObjectModel {
  const fields = node.fields.edges.map((edge) => decodeField(edge.node));
  const ordered = [...fields.filter((field) => !field.isSystem), ...fields.filter((field) => field.isSystem)];
  return { ...node, fields: ordered, labels: labelsOf(fields) };
}

function decodeField(node: FieldNode): Field {
  const options = [...(node.options ?? [])].sort((one, other) => (one.position ?? 0) - (other.position ?? 0));
  const settings = node.settings ?? {};
  const relation = decodeRelation(node);
  // The fields of a relation to one of several objects have one label.
  const label = relation && "morph" in settings ? `${node.label} (${relation.target.labelSingular})` : node.label;
  return { ...node, label, options, settings, relation };
}

// Only the end that holds the key says in its settings how a deletion of the target changes it.
function decodeRelation(node: FieldNode): Field["relation"] {
  const relation = node.relation;
  if (!relation?.targetObject || !relation.targetField) return null;
  const { fields, ...target } = relation.targetObject;
  return {
    type: relation.type,
    target: { ...target, labels: labelsOf(fields.edges.map((edge) => edge.node)) },
    targetField: relation.targetField.name,
    holdsKey: node.settings !== null && "onDelete" in node.settings,
  };
}
