// Asks whether a role may do something, and which way says so.

import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { type AccessQuestion, explainAccess, useRoles } from "../../api/access.ts";
import { byField } from "../../api/errors.ts";
import type { Field, ObjectModel } from "../../api/model.ts";
import { useObject } from "../../api/object_query.ts";
import { useObjectList } from "../../api/objects.ts";
import { ValueField } from "../../fields/editors/value_field.tsx";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { ComboBox } from "../../kit/combobox.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { ClaimFields } from "./claim_fields.tsx";
import { ACTIONS, type Action, claimsOf } from "./grants.ts";
import { WayWords } from "./way_words.tsx";

const OF_FIELDS: readonly Action[] = ["read", "create", "update"];

export function Explain() {
  const [question, setQuestion] = useState<Omit<AccessQuestion, "action"> & { action: Action }>({
    role: "",
    object: "",
    action: "read",
    field: null,
    recordId: null,
    principal: {},
  });
  const set = (changed: Partial<typeof question>) => setQuestion({ ...question, ...changed });
  const roles = useRoles();
  const objects = useObjectList();
  const asking = useMutation({
    mutationFn: (asked: typeof question) => explainAccess({ ...asked, action: asked.action.toUpperCase() }),
  });
  const failed = objects.error ?? roles.error;
  if (failed) return <Problem title="Roles and objects cannot be read." text={failed.message} />;
  if (!roles.data || !objects.data) return null;

  const role = roles.data.find(({ name }) => name === question.role) ?? roles.data[0];
  const object = objects.data.find(({ nameSingular }) => nameSingular === question.object) ?? objects.data[0];
  if (!role || !object) return null;
  const isOfFields = OF_FIELDS.includes(question.action);
  const problems = byField(asking.error);
  const answer = asking.data;
  const asked = objects.data.find(({ nameSingular }) => nameSingular === asking.variables?.object);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (role && object && !asking.isPending) {
      const field = isOfFields ? question.field : null;
      asking.mutate({ ...question, role: role.name, object: object.nameSingular, field });
    }
  }

  return (
    <div className="explain">
      <form className="form" onSubmit={submit}>
        <p>May a role do something, and which of its ways says so?</p>
        <div className="form-columns">
          <Select
            label="Role"
            value={role.name}
            choices={roles.data.map(({ name, label }) => ({ id: name, label }))}
            onChange={(name) => set({ role: name, principal: {} })}
          />
          <Select
            label="Action"
            value={question.action}
            choices={ACTIONS.map((id) => ({ id, label: id }))}
            onChange={(action) => set({ action })}
          />
          <ComboBox
            label="Object"
            choices={objects.data.map(({ nameSingular, labelPlural }) => ({ id: nameSingular, label: labelPlural }))}
            value={object.nameSingular}
            onChange={(name) => name !== null && set({ object: name, field: null, recordId: null })}
          />
        </div>
        <OfObject
          key={object.namePlural}
          plural={object.namePlural}
          isOfFields={isOfFields}
          question={question}
          set={set}
          problems={problems}
        />
        <ClaimFields
          key={role.name}
          claims={claimsOf(role, roles.data)}
          values={question.principal}
          onChange={(principal) => set({ principal })}
          problem={problems.get("principal")}
        />
        <div>
          <Button type="submit" kind="primary">
            Explain
          </Button>
        </div>
      </form>
      {asking.error && !problems.has("principal") && (
        <Problem title="The question cannot be answered." text={asking.error.message} />
      )}
      <section className="explain-answer" role="status" aria-label="Answer">
        {answer && (
          <p>
            <Chip color={answer.allowed ? "green" : "red"}>{answer.allowed ? "allowed" : "refused"}</Chip>{" "}
            {answer.reason}
          </p>
        )}
        {answer?.way && asked && <WayWords way={answer.way} plural={asked.namePlural} />}
      </section>
    </div>
  );
}

interface OfObjectProps {
  plural: string;
  isOfFields: boolean;
  question: Pick<AccessQuestion, "field" | "recordId">;
  set: (changed: Partial<Pick<AccessQuestion, "field" | "recordId">>) => void;
  problems: ReadonlyMap<string, string>;
}

/** The field and the record of the question. */
function OfObject({ plural, isOfFields, question, set, problems }: OfObjectProps) {
  const { data: object } = useObject(plural);
  if (!object) return null;
  const fields = object.fields.map(({ name, label }) => ({ id: name, label }));
  return (
    <div className="form-columns">
      {isOfFields && (
        <Select
          label="Field"
          value={question.field ?? ""}
          choices={[{ id: "", label: "The record as a whole" }, ...fields]}
          onChange={(name) => set({ field: name || null })}
          problem={problems.get("field")}
        />
      )}
      <ValueField
        label="Record"
        field={recordOf(object)}
        value={question.recordId}
        onChange={(id) => set({ recordId: typeof id === "string" ? id : null })}
      />
    </div>
  );
}

/** A field that leads to the records of an object, whose picker finds them. */
function recordOf(object: ObjectModel): Field {
  return {
    id: object.id,
    name: "record",
    label: object.labelSingular,
    type: "RELATION",
    description: null,
    isSystem: false,
    isNullable: true,
    isUnique: false,
    options: [],
    settings: {},
    relation: { type: "MANY_TO_ONE", target: object, targetField: "", holdsKey: true },
  };
}
