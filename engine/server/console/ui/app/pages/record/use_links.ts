// The links of a record by a relation to many: the rights, the writes, and the way back of the last one.

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { describeFailure, isUnsure } from "../../api/errors.ts";
import { linkOther, linkPair, type Other, unlinkOther, unlinkPair, type Way } from "../../api/links.ts";
import { type Field, farEnd, type ObjectModel, type Relation } from "../../api/model.ts";
import { useObjects, useReadObject } from "../../api/object_query.ts";
import { mayDo } from "../../api/session.ts";
import { useSession } from "../../api/session_context.ts";
import { useReadRelated } from "../../api/use_read_again.ts";
import { unsavedWrite, useUnsaved } from "../../kit/unsaved.ts";
import { isLeft } from "../records/address.ts";

/** A write of a link, in words, which returns its way back; null if there is none. */
type Write = { words: string; run(): Promise<Way | null> };
type Notice = { words: string; back: Way | null };

/** Return the links of the record `id` by `field`, which is a relation to many that `relation` describes. */
export function useLinks(object: ObjectModel, id: string, field: Field, relation: Relation) {
  const session = useSession();
  const readRelated = useReadRelated();
  const readObject = useReadObject();
  const [notice, setNotice] = useState<Notice | null>(null);
  const [isReading, setReading] = useState(false);
  const { target, targetField, isTargetRequired = false } = relation;
  // Records that require this end may be those that link two others.
  const models = useObjects(isTargetRequired ? [target.namePlural] : []);
  const model = models.get(target.namePlural);
  const far = model ? farEnd(model, targetField) : null;
  const near = model?.fields.find(({ name }) => name === targetField);
  const pairs = model && near && far ? { object: model, near, far } : null;
  const may = (name: string, action: string) => mayDo(session, name, action);
  const mayWrite =
    may(object.nameSingular, "update") && field.given?.update !== false && (!isTargetRequired || model !== undefined);
  const end = { object, id, field };

  const writing = useMutation({
    mutationFn: async ({ words, run }: Write): Promise<Notice> => ({ words, back: await run() }),
    onMutate: () => setNotice(null),
    onSuccess: setNotice,
    onSettled: (_, error) => {
      if (error && !isUnsure(error)) return;
      setReading(true);
      void readRelated().finally(() => setReading(false));
    },
  });
  const unsaved = unsavedWrite(writing.isPending, writing.error && "told");
  useUnsaved(unsaved && { ...unsaved, isLeft: (step) => isLeft(step, id) });

  return {
    mayLink: mayWrite && may(target.nameSingular, pairs ? "create" : "update"),
    mayUnlink:
      mayWrite && (pairs !== null || !isTargetRequired) && may(target.nameSingular, pairs ? "delete" : "update"),
    /** The relation whose records can be linked: the records of `field` are the links between them and this one. */
    picked: far ?? field,
    notice: notice?.words,
    failure: writing.error && describeFailure(writing.error),
    dropFailure: writing.reset,
    isWriting: writing.isPending || isReading,
    link: (other: Other) => write({ words: `Linked ${other.name}`, run: () => link(other) }),
    // A second press of a button would find the link as the first one has left it.
    unlink: (other: Other) => isReading || write({ words: `Unlinked ${other.name}`, run: () => unlink(other) }),
    undo: notice?.back ? () => undo(notice) : null,
  };

  async function link(other: Other): Promise<Way | null> {
    if (pairs) return withRight("delete", await linkPair(end, pairs, other));
    return linkOther(end, await readTarget(), other);
  }

  async function unlink(other: Other): Promise<Way | null> {
    if (pairs) return withRight("restore", await unlinkPair(end, pairs, other.id));
    return unlinkOther(end, await readTarget(), other);
  }

  async function readTarget(): Promise<ObjectModel> {
    const found = await readObject(target.namePlural);
    if (found === null) throw new Error(`Your role does not see ${target.labelPlural} anymore.`);
    return found;
  }

  function withRight(action: string, back: Way | null): Way | null {
    return may(target.nameSingular, action) ? back : null;
  }

  function undo({ words, back }: Notice): void {
    const run = async () => {
      await back?.();
      return null;
    };
    write({ words: `Undone: ${words}`, run });
  }

  function write(one: Write): void {
    if (!writing.isPending) writing.mutate(one);
  }
}
