// Imports the manifest of a client's documents, from a file or as pasted text.

import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";

import { useRoles } from "../../api/access.ts";
import { importDocuments } from "../../api/documents.ts";
import { byField, describeFailure } from "../../api/errors.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { TextField } from "../../kit/field.tsx";
import { FormDialog } from "../../kit/form_dialog.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";

export function ImportDocuments({ onClose }: { onClose: () => void }) {
  const file = useId();
  const [client, setClient] = useState("");
  const [text, setText] = useState("");
  const [role, setRole] = useState("");
  const [replace, setReplace] = useState(false);
  const [isWrong, setWrong] = useState(false);
  const roles = useRoles();
  const importing = useMutation({
    mutationFn: (manifest: unknown) => importDocuments({ client, manifest, role: role || null, replace }),
    onSuccess: useReadAgain("access"),
  });
  const problems = byField(importing.error);
  const isPlaced = problems.has("client") || problems.has("role");

  function submit() {
    const manifest = readJson(text);
    setWrong(manifest === undefined);
    if (manifest !== undefined) importing.mutate(manifest);
  }

  if (importing.data) {
    const { written, removed } = importing.data;
    return (
      <Dialog
        title={`Documents of ${client}`}
        size="small"
        onClose={onClose}
        actions={<Button onPress={onClose}>Done</Button>}
      >
        <p role="status">
          {written} new or changed, {removed} removed.
        </p>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title="Import documents"
      submit="Import"
      onSubmit={submit}
      onClose={onClose}
      write={importing}
      problems={importing.error}
    >
      {importing.error && !isPlaced && <Problem {...describeFailure(importing.error, "Nothing was imported.")} />}
      <TextField
        label="Client"
        value={client}
        onChange={setClient}
        placeholder="web"
        problem={problems.get("client")}
        autoFocus
        isRequired
      />
      <div className="field">
        <label htmlFor={file} className="field-label">
          File of the manifest
        </label>
        <input
          id={file}
          type="file"
          accept=".json,application/json"
          onChange={(event) => {
            void event.target.files?.[0]?.text().then(setText);
          }}
        />
      </div>
      <TextField
        label="Manifest"
        isCode
        lines={6}
        value={text}
        onChange={setText}
        problem={isWrong ? "This is no JSON." : undefined}
        placeholder='{"id": "query People { people { totalCount } }"}'
        description="As Apollo, graphql-codegen or Relay write it."
        isRequired
      />
      <Select
        label="Role of the client's users"
        value={role}
        choices={[
          { id: "", label: "None: the whole model is theirs" },
          ...(roles.data ?? []).map(({ name, label }) => ({ id: name, label })),
        ]}
        onChange={setRole}
        description="Changes of the model are held against the documents as this role sees it."
        problem={problems.get("role")}
      />
      <Check
        label="Remove the client's other documents"
        description="Requests of its older versions are refused then."
        isSelected={replace}
        onChange={setReplace}
      />
    </FormDialog>
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
