// The ways in which a role may do something with the records of an object, as a form or as the JSON of the API.

import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";

import { sameJson } from "../../api/exact_json.ts";
import type { ObjectModel } from "../../api/model.ts";
import { type Claim, ClaimsProvider } from "../../filter/claims.tsx";
import { Button } from "../../kit/button.tsx";
import { TextField } from "../../kit/field.tsx";
import { FormDialog } from "../../kit/form_dialog.tsx";
import { Problem } from "../../kit/problem.tsx";
import { type Action, parseWays } from "./grants.ts";
import { WayForm } from "./way_form.tsx";
import { newWay, readWays, writeWays } from "./ways.ts";

export interface WaysDialogProps {
  action: Action;
  object: ObjectModel;
  /** The ways as the grant has them. */
  given: unknown;
  /** The principal's values that rules may name. */
  claims: readonly Claim[];
  onClose: () => void;
  onDone: (ways: unknown) => void;
}

const EXAMPLE = '{} for all records, or {"rule": {"city": {"eq": "$principal.city"}}}; several ways stand in a list.';

export function WaysDialog({ action, object, given, claims, onClose, onDone }: WaysDialogProps) {
  const [ways, setWays] = useState(() => readWays(given));
  // A form has no place for some JSON, and would drop it: that is edited as it is.
  const [text, setText] = useState(() => (hasForm(given) ? null : JSON.stringify(given, null, 2)));
  const [lacking, setLacking] = useState<ReadonlySet<string>>(new Set());
  const [problem, setProblem] = useState<string | null>(null);

  function note(place: string, isWhole: boolean) {
    const next = new Set(lacking);
    if (isWhole) next.delete(place);
    else next.add(place);
    setLacking(next);
    if (next.size === 0) setProblem(null);
  }

  function change(): void {
    setProblem(null);
    if (text === null) {
      setText(JSON.stringify(writeWays(ways), null, 2));
      return;
    }
    const read = parseWays(text);
    if (read === null || !hasForm(read)) {
      setProblem(read === null ? NO_JSON : "The form has no place for all of this JSON.");
      return;
    }
    setWays(readWays(read));
    setLacking(new Set());
    setText(null);
  }

  function submit() {
    const read = text === null ? writeWays(ways) : parseWays(text);
    if (text !== null && read === null) setProblem(NO_JSON);
    else if (text === null && lacking.size > 0) setProblem("A condition has no value yet: give it one, or remove it.");
    else onDone(read);
  }

  return (
    <FormDialog
      title={`Ways to ${action}: ${object.labelPlural}`}
      size="large"
      submit="Done"
      onSubmit={submit}
      onClose={onClose}
      actions={<Button onPress={change}>{text === null ? "As JSON" : "As a form"}</Button>}
    >
      {problem && <Problem title={problem} />}
      {text === null ? (
        <ClaimsProvider value={claims}>
          {ways.length > 1 && <p>One of these ways has to allow it. The members of a way hold together.</p>}
          {ways.map((way, at) => (
            <fieldset key={way.key} className="way" aria-label={`Way ${at + 1}`}>
              {ways.length > 1 && (
                <div className="access-head">
                  <strong>Way {at + 1}</strong>
                  <Button
                    kind="quiet"
                    icon={<Trash2 aria-hidden />}
                    aria-label={`Remove way ${at + 1}`}
                    onPress={() => {
                      setWays(ways.filter(({ key }) => key !== way.key));
                      setLacking(new Set([...lacking].filter((place) => !place.startsWith(`${way.key} `))));
                    }}
                  />
                </div>
              )}
              <WayForm
                way={way}
                number={at + 1}
                action={action}
                object={object}
                onChange={(next) => setWays(ways.map((one) => (one.key === next.key ? next : one)))}
                onWhole={(member, isWhole) => note(`${way.key} ${member}`, isWhole)}
              />
            </fieldset>
          ))}
          <div>
            <Button icon={<Plus aria-hidden />} onPress={() => setWays([...ways, newWay()])}>
              Another way
            </Button>
          </div>
        </ClaimsProvider>
      ) : (
        <TextField label="JSON of the ways" description={EXAMPLE} lines={12} isCode value={text} onChange={setText} />
      )}
    </FormDialog>
  );
}

const NO_JSON = "This is no JSON object or list.";

function hasForm(given: unknown): boolean {
  return sameJson(writeWays(readWays(given)), given);
}
