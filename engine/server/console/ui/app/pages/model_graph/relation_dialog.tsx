// The form of a new relation from one object, which may name the other one already.

import type { ObjectHead } from "../../api/objects.ts";
import { useModelObject } from "../../api/use_model_object.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Problem } from "../../kit/problem.tsx";
import { FieldDialog } from "../model_object/field_dialog.tsx";

export interface RelationDialogProps {
  source: string;
  target: ObjectHead | null;
  onClose: () => void;
  onDone: () => void;
}

export function RelationDialog({ source, target, onClose, onDone }: RelationDialogProps) {
  const object = useModelObject(source);
  if (object.error || object.data === null) {
    return (
      <Dialog title="New relation" onClose={onClose} actions={<Button onPress={onClose}>Close</Button>}>
        <Problem title="The object cannot be read." text={object.error?.message ?? `There is no object ${source}.`} />
      </Dialog>
    );
  }
  return (
    object.data && (
      <FieldDialog
        object={object.data}
        field={null}
        given={{ type: "RELATION", target: target?.nameSingular ?? null, label: target?.labelSingular ?? "" }}
        onClose={onClose}
        onDone={onDone}
      />
    )
  );
}
