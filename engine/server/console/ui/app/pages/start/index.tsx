// The start: the steps from an empty workspace to one that programs use, and its objects.

import { useQuery } from "@tanstack/react-query";
import { Check, Circle } from "lucide-react";
import { Link } from "react-router";
import { keyOf } from "../../api/keys.ts";
import { useObjectList } from "../../api/objects.ts";
import { root } from "../../api/place.ts";
import { mayDo } from "../../api/session.ts";
import { useScope, useSession } from "../../api/session_context.ts";
import { countKeys, countRecords, countWebhooks } from "../../api/start/start.ts";
import { printCount } from "../../kit/numbers.ts";
import { Page } from "../../kit/page.tsx";
import { commandOf, type Step, stepsOf } from "./steps.ts";
import "./start.css";

export function Component() {
  const session = useSession();
  const { workspace, settings } = session;
  const scope = useScope();
  const objects = useObjectList();
  const active = (objects.data ?? []).filter(({ isActive }) => isActive);
  const names = active.map(({ nameSingular }) => nameSingular);
  const records = useQuery({
    queryKey: keyOf(scope, "records", null, "counts", names),
    queryFn: ({ signal }) => countRecords(names, signal),
    enabled: names.length > 0,
  });
  const keys = useQuery({
    queryKey: keyOf(scope, "access", null, "key count"),
    queryFn: ({ signal }) => countKeys(signal),
    enabled: settings.includes("API_KEYS"),
  });
  const webhooks = useQuery({
    queryKey: keyOf(scope, "webhooks", null, "count"),
    queryFn: ({ signal }) => countWebhooks(signal),
    enabled: settings.includes("WEBHOOKS"),
  });
  const total = records.data === undefined ? null : [...records.data.values()].reduce((sum, one) => sum + one, 0);
  const first = active.find(({ nameSingular }) => mayDo(session, nameSingular, "create"));
  const steps = stepsOf(
    {
      ownObjects: objects.data === undefined ? null : active.filter(({ isCustom }) => isCustom).length,
      records: total,
      keys: keys.data ?? null,
      webhooks: webhooks.data ?? null,
    },
    { settings, mayCreate: active.length === 0 || first !== undefined },
    first?.namePlural ?? null,
  );
  return (
    <Page title={workspace}>
      <div className="start">
        {steps.length > 0 && (
          <section aria-label="First steps">
            <h2>First steps</h2>
            <ol className="start-steps">
              {steps.map((step) => (
                <StartStep key={step.id} step={step} />
              ))}
            </ol>
          </section>
        )}
        {active.length > 0 && (
          <section aria-label="Objects">
            <h2>Objects</h2>
            <ul className="start-objects">
              {active.slice(0, 12).map(({ id, nameSingular, namePlural, labelPlural, description }) => {
                const count = records.data?.get(nameSingular);
                return (
                  <li key={id}>
                    <Link to={`/records/${namePlural}`}>
                      <strong>{labelPlural}</strong>
                      <span>{count !== undefined && printCount(count)}</span>
                    </Link>
                    {description && <p>{description}</p>}
                  </li>
                );
              })}
            </ul>
            {active.length > 12 && (
              <p className="start-all">
                <Link to="/records">All {active.length} objects</Link>
              </p>
            )}
          </section>
        )}
      </div>
    </Page>
  );
}

function StartStep({ step }: { step: Step }) {
  return (
    <li data-done={step.isDone || undefined}>
      {step.isDone ? <Check aria-label="Done" /> : <Circle aria-label="To do" />}
      <div>
        <h3>{step.title}</h3>
        <p>{step.text}</p>
        <Link to={step.address}>{step.action}</Link>
        <details>
          <summary>The same with curl</summary>
          <pre>{commandOf(step, window.location.origin + root)}</pre>
        </details>
      </div>
    </li>
  );
}
