// Creates an object, or changes one, by way of its plan.

import { Lock, LockOpen } from "lucide-react";
import { useState } from "react";

import { changedMembers } from "../../api/exact_json.ts";
import type { Change } from "../../api/model_edit.ts";
import type { ObjectHead } from "../../api/objects.ts";
import { NAMELESS, roughName, useNames } from "../../api/use_names.ts";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { TextField } from "../../kit/field.tsx";
import { ChangeDialog } from "../../plan/change_dialog.tsx";

interface Draft {
  labelSingular: string;
  labelPlural: string;
  nameSingular: string;
  namePlural: string;
  description: string;
  isActive: boolean;
}

export interface ObjectDialogProps {
  /** The object as it stands, whatever another does to it meanwhile; null for a new one. */
  object: ObjectHead | null;
  onClose: () => void;
  onDone: (nameSingular: string) => void;
}

export function ObjectDialog({ object, onClose, onDone }: ObjectDialogProps) {
  // As the object was when the dialog was opened: a change by another meanwhile is kept.
  const [before] = useState<Draft>({
    labelSingular: object?.labelSingular ?? "",
    labelPlural: object?.labelPlural ?? "",
    nameSingular: object?.nameSingular ?? "",
    namePlural: object?.namePlural ?? "",
    description: object?.description ?? "",
    isActive: object?.isActive ?? true,
  });
  const [typed, setTyped] = useState(before);
  const [hasOwnPlural, setOwnPlural] = useState(object !== null);
  const [isLocked, setLocked] = useState(true);
  const follows = object === null && isLocked;
  const names = useNames(typed.labelSingular, null, object === null);
  const rough = roughName(typed.labelSingular);
  const draft: Draft = {
    ...typed,
    ...(follows && {
      nameSingular: names?.nameSingular ?? rough,
      namePlural: names?.namePlural ?? (rough && `${rough}s`),
    }),
    ...(!hasOwnPlural && { labelPlural: names?.labelPlural ?? (typed.labelSingular && `${typed.labelSingular}s`) }),
  };
  // The lock would keep the names empty.
  const isNameless = follows && draft.labelSingular.trim() !== "" && draft.nameSingular === "";
  const setName = (changed: Partial<Draft>) => {
    setLocked(false);
    set(changed);
  };
  const set = (changed: Partial<Draft>) => setTyped({ ...draft, ...changed });
  const update = changedMembers(before, draft);

  function changes(): Change[] {
    if (object === null) {
      const { isActive: _, description, ...words } = draft;
      return [{ createObject: { ...words, ...(description && { description }) } }];
    }
    return Object.keys(update).length === 0 ? [] : [{ updateObject: { id: object.id, update } }];
  }

  return (
    <ChangeDialog
      title={object === null ? "New object" : `Object ${object.labelSingular}`}
      changes={changes}
      {...(object !== null && { named: { id: object.id, name: object.nameSingular } })}
      isDirty={object === null ? draft.labelSingular !== "" : changes().length > 0}
      onClose={onClose}
      onDone={() => onDone(update.nameSingular ?? object?.nameSingular ?? "")}
    >
      {(problems) => (
        <>
          <div className="form-columns">
            <TextField
              label="Label of one"
              value={draft.labelSingular}
              onChange={(labelSingular) => set({ labelSingular })}
              problem={problems.get("labelSingular")}
              placeholder="Project"
              autoFocus
              isRequired
            />
            <TextField
              label="Label of several"
              value={draft.labelPlural}
              onChange={(labelPlural) => {
                setOwnPlural(true);
                set({ labelPlural });
              }}
              problem={problems.get("labelPlural")}
              placeholder="Projects"
              isRequired
            />
          </div>
          <div className="form-columns">
            <TextField
              label="Name of one in the API"
              value={draft.nameSingular}
              onChange={(nameSingular) => setName({ nameSingular })}
              problem={problems.get("nameSingular")}
              isReadOnly={isLocked && !isNameless}
              isCode
            />
            <TextField
              label="Name of several in the API"
              value={draft.namePlural}
              onChange={(namePlural) => setName({ namePlural })}
              problem={problems.get("namePlural")}
              isReadOnly={isLocked && !isNameless}
              isCode
              end={
                <Button
                  kind="quiet"
                  icon={isLocked ? <Lock aria-hidden /> : <LockOpen aria-hidden />}
                  aria-label={isLocked ? "Type the names yourself" : "Let the names follow"}
                  onPress={() => {
                    setTyped(
                      isLocked ? draft : { ...draft, nameSingular: before.nameSingular, namePlural: before.namePlural },
                    );
                    setLocked(!isLocked);
                  }}
                />
              }
            />
          </div>
          {isNameless && <p>{NAMELESS}</p>}
          {names?.isTaken && follows && <p>The name was taken: a number stands behind it.</p>}
          {object !== null && !isLocked && <p>Renaming keeps all values; clients must use the new names.</p>}
          <TextField
            label="Description"
            value={draft.description}
            onChange={(description) => set({ description })}
            problem={problems.get("description")}
            lines={2}
          />
          {object !== null && (
            <Check
              label="Shown in the API"
              isSelected={draft.isActive}
              onChange={(isActive) => set({ isActive })}
              problem={problems.get("isActive")}
            />
          )}
        </>
      )}
    </ChangeDialog>
  );
}
