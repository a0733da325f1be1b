// Gives a key another token, while the one before stays valid for a time.

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { type ApiKey, rotateKey } from "../../api/access.ts";
import { describeFailure } from "../../api/errors.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import { FormDialog } from "../../kit/form_dialog.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { Token } from "./token.tsx";

const OVERLAPS = [
  { id: "0", label: "not at all" },
  { id: "3600", label: "for an hour" },
  { id: "86400", label: "for a day" },
  { id: "604800", label: "for a week" },
  { id: "2592000", label: "for 30 days" },
] as const;

export function RotateKey({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  const [overlap, setOverlap] = useState<(typeof OVERLAPS)[number]["id"]>("3600");
  const readAgain = useReadAgain("access");
  const rotating = useMutation({
    mutationFn: () => rotateKey(apiKey.id, Number(overlap)),
    onSuccess: () => void readAgain(),
  });
  if (rotating.data) {
    return <Token made={rotating.data} onClose={onClose} />;
  }
  return (
    <FormDialog
      title={`Rotate the key ${apiKey.name}?`}
      size="small"
      submit="Rotate the key"
      onSubmit={rotating.mutate}
      onClose={onClose}
      write={rotating}
    >
      {rotating.error && <Problem {...describeFailure(rotating.error, "The key was not rotated.")} />}
      <p>The key keeps its role, its values and its networks, and gets another token.</p>
      <Select label="The token before stays valid" value={overlap} choices={OVERLAPS} onChange={setOverlap} />
      {overlap === "0" && <p>Programs that still send it are refused within a second.</p>}
    </FormDialog>
  );
}
