// The rights of the role on the fields of an object.

import { metadata } from "./client.ts";
import { ApiError } from "./errors.ts";
import FIELD_RIGHTS from "./field_rights.graphql";
import type { ObjectModel } from "./model.ts";

export type FieldRights = Readonly<Record<"readInSome" | "create" | "update", readonly string[]>>;

/** Return the names of the fields of an object on which the role has each right; null for an object that is not active. */
export async function readFieldRights(objectId: string, signal: AbortSignal): Promise<FieldRights | null> {
  try {
    const answer = await metadata<{ fieldRights: readonly FieldRights[] }>(
      FIELD_RIGHTS,
      { object: objectId },
      { signal },
    );
    return answer.fieldRights[0] ?? null;
  } catch (error) {
    // Pages of access show the fields of an object without records, too.
    if (error instanceof ApiError && error.code === "NOT_FOUND") return null;
    throw error;
  }
}

/**
 * Return the object with the writes that may give each of its fields. A version that is null in some records guards no
 * write, and is left out.
 */
export function withFieldRights(object: ObjectModel, { readInSome, create, update }: FieldRights): ObjectModel {
  const fields = object.fields
    .filter(({ name }) => name !== "updatedAt" || !readInSome.includes(name))
    .map((field) => ({
      ...field,
      given: { create: create.includes(field.name), update: update.includes(field.name) },
    }));
  return { ...object, fields };
}
