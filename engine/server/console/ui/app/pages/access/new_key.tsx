// The form of a new key: its role with the values of that, its end, and the networks that it may be used from.

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { createKey, useOwnEnd, useRoles } from "../../api/access.ts";
import { byField, describeFailure, isUnsure } from "../../api/errors.ts";
import { useSession } from "../../api/session_context.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import { TextField } from "../../kit/field.tsx";
import { FormDialog } from "../../kit/form_dialog.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { printTime } from "../../kit/times.ts";
import { ClaimFields } from "./claim_fields.tsx";
import { type Values, valuesOf } from "./claim_values.ts";
import { claimsOf } from "./grants.ts";
import { Token } from "./token.tsx";

const DAY_MS = 86_400_000;
const LIVES = [
  { id: "30", label: "30 days" },
  { id: "90", label: "90 days" },
  { id: "365", label: "a year" },
] as const;

type Life = (typeof LIVES)[number]["id"] | "" | "date";

const FIELDS = ["name", "role", "expiresAt", "networks", "claims"];

export function NewKey({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const [name, setName] = useState("");
  const [role, setRole] = useState(session.role);
  const ownEnd = useOwnEnd();
  const lives = livesWithin(ownEnd);
  const [chosenDays, setDays] = useState<Life | null>(null);
  const days = chosenDays ?? (lives.some(({ id }) => id === "90") ? "90" : "");
  const [day, setDay] = useState("");
  const [networks, setNetworks] = useState("");
  const [claims, setClaims] = useState<Values>({});
  const roles = useRoles();
  const chosen = roles.data?.find((one) => one.name === role);
  const known = chosen ? claimsOf(chosen, roles.data ?? []) : [];
  const lines = networks.split(/[\s,]+/).filter(Boolean);
  const readAgain = useReadAgain("access");
  const making = useMutation({
    mutationFn: () =>
      createKey({
        name,
        role,
        expiresAt: endOf(days, day),
        ...(lines.length > 0 && { networks: lines }),
        ...(known.length > 0 && { claims: valuesOf(known, claims) }),
      }),
    // A secret is shown before the list has it, and a key that may have been made is looked for.
    onSuccess: () => void readAgain(),
    onError: (error) => isUnsure(error) && void readAgain(),
  });
  if (making.data) {
    return <Token made={making.data} onClose={onClose} />;
  }
  const problems = byField(making.error);
  const problemOf = (name: string) => [...problems].find(([field]) => field.startsWith(name))?.[1];
  const isPlaced = FIELDS.some((name) => problemOf(name) !== undefined);
  const names = [...new Set([session.role, ...(roles.data ?? []).map((one) => one.name)])];

  return (
    <FormDialog
      title="New key"
      submit="Create"
      onSubmit={making.mutate}
      onClose={onClose}
      write={making}
      problems={making.error}
    >
      {making.error && !isPlaced && <Problem {...describeFailure(making.error, "The key was not made.")} />}
      <TextField label="Name" value={name} onChange={setName} problem={problems.get("name")} autoFocus isRequired />
      <div className="form-columns">
        <Select
          label="Role"
          value={role}
          choices={names.map((id) => ({ id, label: id }))}
          onChange={(next) => {
            setRole(next);
            setClaims({});
          }}
          problem={problemOf("role")}
        />
        <Select
          label="Valid for"
          value={days}
          choices={lives}
          onChange={setDays}
          problem={days === "date" ? undefined : problemOf("expiresAt")}
        />
        {days === "date" && (
          <TextField
            label="Until"
            type="date"
            value={day}
            onChange={setDay}
            description={`The start of that day, in UTC${ownEnd === null ? "." : `: ${printTime(ownEnd)} at the latest.`}`}
            problem={problemOf("expiresAt")}
            isRequired
          />
        )}
      </div>
      <ClaimFields key={role} claims={known} values={claims} onChange={setClaims} problem={problemOf("claims")} />
      <TextField
        label="Networks"
        isCode
        lines={2}
        value={networks}
        onChange={setNetworks}
        problem={problemOf("networks")}
        placeholder="203.0.113.0/24"
        description="One a line. From all others the key is refused; without any it may be used from everywhere."
      />
    </FormDialog>
  );
}

/** The ends that a key may have: none later than that of the key that makes it. */
function livesWithin(ownEnd: string | null): readonly { id: Life; label: string }[] {
  const left = ownEnd === null ? Number.POSITIVE_INFINITY : (Date.parse(ownEnd) - Date.now()) / DAY_MS;
  return [
    ...LIVES.filter(({ id }) => Number(id) < left),
    { id: "", label: ownEnd === null ? "until it is revoked" : `as long as mine, until ${printTime(ownEnd)}` },
    { id: "date", label: "until a day" },
  ];
}

function endOf(days: string, day: string): string | null {
  if (days === "") return null;
  if (days === "date") return day;
  return new Date(Date.now() + Number(days) * DAY_MS).toISOString();
}
