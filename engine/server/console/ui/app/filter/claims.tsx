// In a rule, a value of the principal may stand in the place of one that is typed: `"$principal.NAME"`.

import { createContext, type ReactNode, useContext } from "react";

import { InlineSelect } from "../kit/select.tsx";

/** A value that each principal of a role brings along. */
export interface Claim {
  name: string;
  isList?: boolean;
}

const Claims = createContext<readonly Claim[]>([]);

/** Offers the claims of a role to all values below; without any, a filter has typed values alone. */
export const ClaimsProvider = Claims.Provider;

const SIGN = "$principal.";

export function isClaim(value: unknown): value is string {
  return typeof value === "string" && value.startsWith(SIGN);
}

export interface OrClaimProps {
  /** The name of the value that the choice is about. */
  label: string;
  value: unknown;
  /** The value is a list, and so has to be the claim. */
  isList: boolean;
  onChange: (value: unknown) => void;
  /** The value that is typed. */
  children: ReactNode;
}

/** A choice between a typed value and the claims of the role; the typed value alone where there are none. */
export function OrClaim({ label, value, isList, onChange, children }: OrClaimProps) {
  const claims = useContext(Claims).filter((claim) => (claim.isList ?? false) === isList);
  const present = isClaim(value) ? value : "";
  const offered = claims.map(({ name }) => SIGN + name);
  if (offered.length === 0 && present === "") return children;
  if (present !== "" && !offered.includes(present)) offered.push(present);
  return (
    <>
      <InlineSelect
        label={`Kind of ${label}`}
        value={present}
        choices={[{ id: "", label: "this value" }, ...offered.map((id) => ({ id, label: id }))]}
        onChange={(claim) => onChange(claim || undefined)}
      />
      {present === "" && children}
    </>
  );
}
