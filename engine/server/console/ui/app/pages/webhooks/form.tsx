// The form of a webhook: its address, its operations, its purpose.

import { useState } from "react";

import { byField, describeFailure } from "../../api/errors.ts";
import { changedMembers } from "../../api/exact_json.ts";
import { useObjectList } from "../../api/objects.ts";
import type { WebhookInput } from "../../api/webhooks/webhooks.ts";
import { Button } from "../../kit/button.tsx";
import type { Write } from "../../kit/dialog.tsx";
import { TextField } from "../../kit/field.tsx";
import { FormDialog } from "../../kit/form_dialog.tsx";
import { Problem } from "../../kit/problem.tsx";
import { choicesOf, readOperations } from "./operations.ts";
import "./form.css";

export interface WebhookFormProps {
  title: string;
  submit: string;
  value: WebhookInput;
  write: Write;
  /** Called with all members, and with those that differ from the webhook as it was when the form was opened. */
  onSubmit: (input: WebhookInput, changed: Partial<WebhookInput>) => void;
  onClose: () => void;
}

const FIELDS = ["targetUrl", "operations", "description"];

export function WebhookForm({ title, submit, value, write, onSubmit, onClose }: WebhookFormProps) {
  const [before] = useState(value);
  const [targetUrl, setTargetUrl] = useState(value.targetUrl);
  const [operations, setOperations] = useState(value.operations.join("\n"));
  const [description, setDescription] = useState(value.description ?? "");
  const problems = byField(write.error);
  const chosen = readOperations(operations);
  const general = [...problems].find(([field]) => !FIELDS.some((one) => field.startsWith(one)))?.[1];

  function send() {
    const input = { targetUrl: targetUrl.trim(), operations: chosen, description: description.trim() || null };
    onSubmit(input, changedMembers(before, input));
  }

  return (
    <FormDialog title={title} submit={submit} onSubmit={send} onClose={onClose} write={write} problems={write.error}>
      {general && <Problem {...describeFailure(write.error, "The webhook was not kept.")} />}
      <TextField
        label="Address"
        isCode
        isRequired
        autoFocus
        value={targetUrl}
        onChange={setTargetUrl}
        problem={problems.get("targetUrl")}
        placeholder="https://example.com/hooks"
        description="Events are sent there by POST. The host has to be public, unless its network is exempted."
      />
      <TextField
        label="Operations"
        isCode
        isRequired
        lines={4}
        value={operations}
        onChange={setOperations}
        problem={[...problems].find(([field]) => field.startsWith("operations"))?.[1]}
        placeholder="person.*"
        description="One a line: person.created, person.*, *.deleted, or *.* for all."
      />
      <Suggestions chosen={chosen} onChoose={(one) => setOperations([...chosen, one].join("\n"))} />
      <TextField label="Purpose" value={description} onChange={setDescription} problem={problems.get("description")} />
    </FormDialog>
  );
}

const SUGGESTED = 12;

function Suggestions({ chosen, onChoose }: { chosen: readonly string[]; onChoose: (operation: string) => void }) {
  const objects = useObjectList();
  const names = (objects.data ?? []).filter(({ isActive }) => isActive).map(({ nameSingular }) => nameSingular);
  const left = choicesOf(names).filter((one) => one.endsWith(".*") && !chosen.includes(one));
  return (
    <fieldset className="webhook-suggestions">
      <legend>Add</legend>
      {left.slice(0, SUGGESTED).map((one) => (
        <Button key={one} kind="quiet" onPress={() => onChoose(one)}>
          {one}
        </Button>
      ))}
    </fieldset>
  );
}
