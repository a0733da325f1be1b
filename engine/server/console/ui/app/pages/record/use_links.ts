// The links of a record by a relation to many: the rights, the writes, and the way back of a link that was taken away.

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { describeFailure, isUnsure } from "../../api/errors.ts";
import { type Field, farEnd, type ObjectModel, type Relation } from "../../api/model.ts";
import { useObjects } from "../../api/object_query.ts";
import { updateWhere, writeLink, writeWhere } from "../../api/row_writes.ts";
import { mayDo } from "../../api/session.ts";
import { useSession } from "../../api/session_context.ts";
import { useReadRelated } from "../../api/use_read_again.ts";
import { unsavedWrite, useUnsaved } from "../../kit/unsaved.ts";
import { isLeft } from "../records/address.ts";

/** A write of a link: a link that is taken away can be put back. */
type Write = { verb: "connect" | "disconnect" | "putBack"; id: string; name: string };

const WORDS: Readonly<Record<Write["verb"], string>> = {
  connect: "Linked",
  disconnect: "Unlinked",
  putBack: "Linked again:",
};

/** Return the links of the record `id` by `field`, which is a relation to many that `relation` describes. */
export function useLinks(object: ObjectModel, id: string, field: Field, relation: Relation) {
  const session = useSession();
  const readRelated = useReadRelated();
  const [notice, setNotice] = useState<Write | null>(null);
  const { target, isTargetRequired = false } = relation;
  // Records that require this end may be those that link two others.
  const models = useObjects(isTargetRequired ? [target.namePlural] : []);
  const model = models.get(target.namePlural);
  const far = model ? farEnd(model, relation.targetField) : null;
  const may = (name: string, action: string) => mayDo(session, name, action);
  const mayWrite = may(object.nameSingular, "update") && (!isTargetRequired || model !== undefined);

  const writing = useMutation({
    mutationFn: async ({ verb, id: other, name }: Write) => {
      if (verb !== "putBack") await writeLink(object, id, field, verb, other);
      // A link between two records is a record: it comes back with all that it has.
      else if (model && far) await writeWhere(model, "restoreMany", { id: { in: [other] } });
      else await linkFree(other, name);
    },
    onMutate: () => setNotice(null),
    onSuccess: (_, write) => setNotice(write),
    // A second press of a button would find the link as the first one has left it.
    onSettled: async (_, error) => {
      if (error && !isUnsure(error)) return;
      await readRelated();
    },
  });
  const unsaved = unsavedWrite(writing.isPending, writing.error && "told");
  useUnsaved(unsaved && { ...unsaved, isLeft: (step) => isLeft(step, id) });

  return {
    mayLink: mayWrite && may(target.nameSingular, far ? "create" : "update"),
    mayUnlink: mayWrite && (far !== null || !isTargetRequired) && may(target.nameSingular, far ? "delete" : "update"),
    /** The relation whose records can be linked: the records of `field` are the links between them and this one. */
    picked: far ?? field,
    notice: notice && `${WORDS[notice.verb]} ${notice.name}`,
    failure: writing.error && describeFailure(writing.error),
    dropFailure: writing.reset,
    isWriting: writing.isPending,
    link: (other: string, name: string) => write({ verb: "connect", id: other, name }),
    unlink: (other: string, name: string) => write({ verb: "disconnect", id: other, name }),
    putBack:
      notice?.verb === "disconnect" && (far === null || may(target.nameSingular, "restore"))
        ? () => write({ ...notice, verb: "putBack" })
        : null,
  };

  // `connect` would take a record from the one that another has linked it to since.
  async function linkFree(other: string, name: string): Promise<void> {
    const key = `${relation.targetField}Id`;
    const filter = { id: { eq: other }, [key]: { is: "NULL" } };
    const written = await updateWhere({ ...target, description: null, fields: [] }, filter, { [key]: id });
    if (written === 0) throw new Error(`${name} was deleted since, or linked to another record.`);
  }

  function write(one: Write): void {
    if (!writing.isPending) writing.mutate(one);
  }
}
