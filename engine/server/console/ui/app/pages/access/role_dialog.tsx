// The form of a role: its name, its administration, and the matrix of its rights on records.

import { useState } from "react";

import type { Role } from "../../api/access.ts";
import { useObject } from "../../api/object_query.ts";
import { type ObjectHead, useObjectList } from "../../api/objects.ts";
import { SETTINGS } from "../../api/setting_words.ts";
import { Check } from "../../kit/check.tsx";
import { TextField } from "../../kit/field.tsx";
import { Select } from "../../kit/select.tsx";
import { ChangeDialog } from "../../plan/change_dialog.tsx";
import { ClaimsEditor } from "./claims_editor.tsx";
import { type Action, changesOf, claimsOf, draftOf, newRole, type RoleDraft, roleName, withWays } from "./grants.ts";
import { LimitFields } from "./limit_fields.tsx";
import { Matrix } from "./matrix.tsx";
import { WaysDialog, type WaysDialogProps } from "./ways_dialog.tsx";

export interface RoleDialogProps {
  role: Role | null;
  roles: readonly Role[];
  onClose: () => void;
  onDone: () => void;
}

export function RoleDialog({ role, roles, onClose, onDone }: RoleDialogProps) {
  const [draft, setDraft] = useState(() => (role === null ? newRole() : draftOf(role)));
  const [copied, setCopied] = useState("");
  const [edited, setEdited] = useState<{ object: ObjectHead; action: Action } | null>(null);
  const set = (changed: Partial<typeof draft>) => setDraft({ ...draft, ...changed });
  const objects = useObjectList();
  const isFixed = role?.name === "admin";

  return (
    <>
      <ChangeDialog
        title={role === null ? "New role" : `Role ${role.label}`}
        size="large"
        changes={() => changesOf(role, draft)}
        isDirty={role === null ? draft.label !== "" || draft.name !== "" : changesOf(role, draft).length > 0}
        onClose={onClose}
        onDone={onDone}
      >
        {(problems) => (
          <>
            {isFixed && <p>The role admin may do everything, and cannot be changed.</p>}
            <div className="form-columns">
              <TextField
                label="Label"
                value={draft.label}
                onChange={(label) =>
                  set({
                    label,
                    ...(role === null && draft.name === roleName(draft.label) && { name: roleName(label) }),
                  })
                }
                problem={problems.get("label")}
                autoFocus
                isRequired
              />
              <TextField
                label="Name"
                value={draft.name}
                onChange={(name) => set({ name })}
                problem={problems.get("name")}
                isCode
                isRequired
              />
              {role === null && (
                <Select
                  label="Copy the rights of"
                  value={copied}
                  choices={[
                    { id: "", label: "no other role: it reads everything" },
                    ...roles.map(({ name, label }) => ({ id: name, label })),
                  ]}
                  onChange={(name) => {
                    setCopied(name);
                    const other = roles.find((one) => one.name === name);
                    const { grants, settings, parents, limits, claims } = other ?? newRole();
                    set({ grants, settings, parents, limits, claims });
                  }}
                />
              )}
            </div>
            <Matrix
              grants={draft.grants}
              objects={objects.data ?? []}
              onChange={(grants) => set({ grants })}
              onEdit={(object, action) => setEdited({ object, action })}
              problem={[...problems].find(([field]) => field.startsWith("grants"))?.[1]}
            />
            <ClaimsEditor
              claims={draft.claims}
              onChange={(claims) => set({ claims })}
              problem={[...problems].find(([field]) => field.startsWith("claims"))?.[1]}
            />
            <LimitFields limits={draft.limits} onChange={(limits) => set({ limits })} problems={problems} />
            <fieldset className="options">
              <legend className="field-label">Inherits</legend>
              <div className="access-settings">
                {roles
                  .filter(({ name }) => name !== role?.name)
                  .map(({ name, label }) => (
                    <Check
                      key={name}
                      label={label}
                      isSelected={draft.parents.includes(name)}
                      onChange={(on) =>
                        set({ parents: on ? [...draft.parents, name] : draft.parents.filter((one) => one !== name) })
                      }
                    />
                  ))}
              </div>
              {problems.get("parents") && <p className="field-problem">{problems.get("parents")}</p>}
            </fieldset>
            <fieldset className="options">
              <legend className="field-label">Administration</legend>
              <div className="access-settings">
                {SETTINGS.map(({ name, label, note }) => (
                  <Check
                    key={name}
                    label={label}
                    description={note}
                    isSelected={draft.settings.includes(name)}
                    onChange={(on) =>
                      set({ settings: on ? [...draft.settings, name] : draft.settings.filter((one) => one !== name) })
                    }
                  />
                ))}
              </div>
            </fieldset>
            <TextField
              label="Description"
              value={draft.description}
              onChange={(description) => set({ description })}
              problem={problems.get("description")}
            />
          </>
        )}
      </ChangeDialog>
      {edited && (
        <Ways
          {...edited}
          draft={draft}
          claims={claimsOf(draft, roles)}
          onClose={() => setEdited(null)}
          onDone={(ways) => {
            set({ grants: withWays(draft.grants, edited.object.nameSingular, edited.action, ways) });
            setEdited(null);
          }}
        />
      )}
    </>
  );
}

interface WaysProps extends Pick<WaysDialogProps, "action" | "claims" | "onClose" | "onDone"> {
  object: ObjectHead;
  draft: RoleDraft;
}

/** The ways of an action, once the fields of the object are known. */
function Ways({ object, draft, ...rest }: WaysProps) {
  const model = useObject(object.namePlural);
  const given = draft.grants.find((grant) => grant.object === object.nameSingular)?.[rest.action];
  return model.data && <WaysDialog {...rest} object={model.data} given={given} />;
}
