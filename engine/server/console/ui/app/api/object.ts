import {
  type Field,
  type LabelField,
  labelsOf,
  type ObjectModel,
  type Option,
  type RelationType,
  type TargetObject,
} from "./model.ts";

type Edges<Node> = { edges: readonly { node: Node }[] };

/** The ids of the fields that name a record. */
type Labelled = { labelFields?: readonly string[] | null };

type TextNode = { id: string; name: string; label: string; type: string; isUnique: boolean };

type TargetNode = Omit<TargetObject, "labels" | "keys"> &
  Labelled & { fields: Edges<TextNode> & { pageInfo: { hasNextPage: boolean } } };

export type FieldNode = Omit<Field, "options" | "settings" | "relation"> & {
  position?: number | null;
  options: readonly Option[] | null;
  settings: Record<string, unknown> | null;
  relation: {
    type: RelationType;
    targetObject: TargetNode | null;
    targetField: { name: string; isNullable: boolean } | null;
  } | null;
};

export type ObjectNode = Omit<ObjectModel, "fields" | "labels" | "uniqueFields"> &
  Labelled & {
    indexes?: Edges<{ fieldMetadataIds: readonly string[] }>;
    fields: Edges<FieldNode> & { pageInfo: { hasNextPage: boolean; endCursor: string | null } };
  };

/** Return the object of an answer of ConsoleObject, with its fields by their positions and system fields last. */
export function decodeObject({ labelFields, indexes, ...node }: ObjectNode): ObjectModel {
  const place = ({ position }: FieldNode) => position ?? Number.POSITIVE_INFINITY;
  const nodes = node.fields.edges.map((edge) => edge.node).sort((one, other) => compare(place(one), place(other)));
  const fields = nodes.map(decodeField);
  const ordered = [...fields.filter((field) => !field.isSystem), ...fields.filter((field) => field.isSystem)];
  const labels = labelsOf(namingFields(fields, labelFields).map(toLabel));
  const uniqueFields = (indexes?.edges ?? []).map((edge) => edge.node.fieldMetadataIds);
  return { ...node, fields: ordered, labels, uniqueFields };
}

function toLabel({ name, type, relation }: Field): LabelField {
  return relation?.holdsKey ? { name, type, labels: relation.target.labels } : { name, type };
}

/** Return the plural names of the objects behind relations whose records no text names, or one behind those that were read. */
export function unnamedTargets({ fields }: ObjectModel): string[] {
  const targets = fields.flatMap(({ relation }) => (relation?.target.labels.length === 0 ? [relation.target] : []));
  return [...new Set(targets.map(({ namePlural }) => namePlural))];
}

/** Return the object with the fields that name the records behind its relations, for those of these plural names. */
export function withTargetLabels(object: ObjectModel, labels: ReadonlyMap<string, readonly LabelField[]>): ObjectModel {
  const named = (field: Field): Field => {
    const found = field.relation && labels.get(field.relation.target.namePlural);
    if (!field.relation || !found) return field;
    const { detail, ...target } = field.relation.target;
    const isOther = detail && !found.some(({ name }) => name === detail.name);
    return {
      ...field,
      relation: { ...field.relation, target: { ...target, labels: found, ...(isOther ? { detail } : {}) } },
    };
  };
  return { ...object, fields: object.fields.map(named) };
}

/** Return the object with the marks of those objects, itself or behind its relations, that the role may not count. */
export function withRights(object: ObjectModel, mayCount: (nameSingular: string) => boolean): ObjectModel {
  const marked = <Marked extends { nameSingular: string }>(one: Marked) =>
    mayCount(one.nameSingular) ? one : { ...one, isUncounted: true };
  const fields = object.fields.map((field) =>
    field.relation ? { ...field, relation: { ...field.relation, target: marked(field.relation.target) } } : field,
  );
  return { ...marked(object), fields };
}

// Fields without a position keep the model's order behind the others.
function compare(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

function namingFields<Named extends { id: string }>(
  fields: readonly Named[],
  ids: readonly string[] | null | undefined,
): readonly Named[] {
  const found = (ids ?? []).flatMap((id) => fields.find((field) => field.id === id) ?? []);
  return found.length > 0 ? found : fields;
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
  const { fields, labelFields, ...target } = relation.targetObject;
  const texts = fields.edges.map((edge) => edge.node);
  // A page that ends before the last text may lack those that name the record.
  const labels = fields.pageInfo.hasNextPage ? [] : labelsOf(namingFields(texts, labelFields));
  const detail = texts.find(({ name }) => !labels.some((label) => label.name === name));
  return {
    type: relation.type,
    target: {
      ...target,
      labels,
      keys: texts
        .filter(({ type, isUnique }) => isUnique && type === "TEXT")
        .map(({ name, label }) => ({ name, label })),
      ...(detail ? { detail: { name: detail.name, type: detail.type } } : {}),
    },
    targetField: relation.targetField.name,
    ...(relation.targetField.isNullable ? {} : { isTargetRequired: true }),
    holdsKey: node.settings !== null && "onDelete" in node.settings,
  };
}
