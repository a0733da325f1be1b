// The part of a new field's form about the objects that a relation leads to.

import { upperFirst } from "../../api/model.ts";
import type { ModelObject } from "../../api/model_edit.ts";
import { useObjectList } from "../../api/objects.ts";
import { Check } from "../../kit/check.tsx";
import { ComboBox } from "../../kit/combobox.tsx";
import { TextField } from "../../kit/field.tsx";
import { Select } from "../../kit/select.tsx";
import { type FieldDraft, RELATION_TYPES } from "./field_draft.ts";
import { relationLabel } from "./setting_words.ts";
import "../../fields/editors/editor.css";
import "./relation_fields.css";

interface PartProps {
  object: ModelObject;
  draft: FieldDraft;
  set: (changed: Partial<FieldDraft>) => void;
}

export function RelationFields({
  object,
  draft,
  set,
  problems,
}: PartProps & { problems: ReadonlyMap<string, string> }) {
  const objects = useObjectList();
  return (
    <div className="form-columns">
      {objects.data && (
        <ComboBox
          label="To the object"
          choices={objects.data.map(({ nameSingular, labelPlural }) => ({ id: nameSingular, label: labelPlural }))}
          value={draft.target}
          onChange={(target) => set({ target })}
          problem={
            problems.get("relationCreationPayload") ?? problems.get("relationCreationPayload.targetObjectMetadataId")
          }
          isRequired
        />
      )}
      <Select
        label="Kind"
        value={draft.relationType}
        choices={RELATION_TYPES.map((id) => ({ id, label: relationLabel(id) }))}
        onChange={(relationType) =>
          set({ relationType, isRequired: draft.isRequired && relationType !== "MANY_TO_MANY" })
        }
      />
      <TextField
        label="Label of the other end"
        value={draft.inverseLabel}
        placeholder={object.labelPlural}
        onChange={(inverseLabel) => set({ inverseLabel })}
        problem={problems.get("relationCreationPayload.targetFieldLabel")}
      />
    </div>
  );
}

/** The objects of a relation to one of several: the API has a field for each. */
export function MorphFields({ object, draft, set, problem }: PartProps & { problem: string | undefined }) {
  const objects = useObjectList();
  const { targets } = draft;
  const told = problem && targets.length === 0 ? "Choose an object at least." : problem;
  return (
    <>
      <fieldset className="value-group morph-targets">
        <legend className="field-label">To one record of these objects</legend>
        {(objects.data ?? []).map(({ nameSingular, labelPlural }) => (
          <Check
            key={nameSingular}
            label={labelPlural}
            description={
              targets.includes(nameSingular) && draft.name
                ? `Its field in the API is ${draft.name}${upperFirst(nameSingular)}.`
                : undefined
            }
            isSelected={targets.includes(nameSingular)}
            onChange={(isChosen) =>
              set({ targets: isChosen ? [...targets, nameSingular] : targets.filter((one) => one !== nameSingular) })
            }
          />
        ))}
      </fieldset>
      <p role={told ? "alert" : undefined} className={told ? "field-problem" : "field-description"}>
        {told ?? "A record leads to one of them at most: to choose one empties the others. None is required."}
      </p>
      <TextField
        label="Label of the other ends"
        value={draft.inverseLabel}
        placeholder={object.labelPlural}
        onChange={(inverseLabel) => set({ inverseLabel })}
      />
    </>
  );
}
