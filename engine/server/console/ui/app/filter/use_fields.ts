// The fields that a filter's paths lead to: those of the object, and those of the objects behind its relations.

import type { Field, ObjectModel } from "../api/model.ts";
import { useObjects } from "../api/object_query.ts";
import { partsOf } from "../fields/parts.ts";
import { knownRows } from "./gone.ts";
import { buildFilter, type Filter, type HasMembers, parseFilter } from "./tree.ts";
import type { FieldsAt } from "./words.ts";

/** Return the fields at the end of a path of relations; a part of the path that is not known yet has none. */
export function useFieldsAt(object: ObjectModel, filter: Filter): FieldsAt {
  // Each round knows the objects one relation further; a filter that is deeper shows names in the place of labels.
  const first = useObjects(targetsOf(object, filter, new Map()));
  const second = useObjects(targetsOf(object, filter, first));
  const third = useObjects(targetsOf(object, filter, second));
  return (path) => fieldsAt(object, path, third);
}

/** Return the function that tells a field with members from one with operators. */
export function membersOf(at: FieldsAt): HasMembers {
  return (path) => {
    const name = path.at(-1);
    const field = at(path.slice(0, -1))?.find((one) => one.name === name);
    if (field === undefined) return undefined;
    return field.relation !== null || partsOf(field.type).length > 0;
  };
}

/** Return a filter without the conditions on fields that are gone, which no server takes: the same one if it has none. */
export function knownFilter(filter: Filter, at: FieldsAt): Filter {
  const rows = parseFilter(filter, membersOf(at));
  const known = knownRows(rows, at);
  return JSON.stringify(known) === JSON.stringify(rows) ? filter : buildFilter(known);
}

type Models = ReadonlyMap<string, ObjectModel>;

function fieldsAt(object: ObjectModel, path: readonly string[], models: Models): readonly Field[] | undefined {
  let fields: readonly Field[] | undefined = object.fields;
  for (const name of path) {
    const target: string | undefined = fields?.find((field) => field.name === name)?.relation?.target.namePlural;
    fields =
      target === undefined ? undefined : target === object.namePlural ? object.fields : models.get(target)?.fields;
  }
  return fields;
}

// Every name in the filter that is a relation of an object that is known asks for its target.
function targetsOf(object: ObjectModel, filter: Filter, models: Models): string[] {
  const names = new Set(
    JSON.stringify(filter)
      .match(/"\w+"(?=:)/g)
      ?.map((name) => name.slice(1, -1)),
  );
  const known = [object, ...models.values()];
  const targets = known.flatMap((model) =>
    model.fields.flatMap((field) =>
      field.relation && names.has(field.name) ? [field.relation.target.namePlural] : [],
    ),
  );
  return [...new Set(targets)].filter((plural) => plural !== object.namePlural).sort();
}
