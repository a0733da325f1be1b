// The effects of a change, before it is made.

import { Clock, Lock, OctagonX, Plus, ShieldAlert, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

import type { Plan } from "../api/model_edit.ts";
import { useTypeLabel } from "../api/use_field_types.ts";
import { type Section, sectionsOf } from "./summary.ts";
import "./plan.css";

const ICONS: Record<Section["kind"], ReactNode> = {
  breaks: <OctagonX aria-hidden />,
  loses: <TriangleAlert aria-hidden />,
  rights: <ShieldAlert aria-hidden />,
  locks: <Lock aria-hidden />,
  later: <Clock aria-hidden />,
  appears: <Plus aria-hidden />,
};

/** A new object has so many parts in the API that they would hide all else. */
const MOST_SHOWN = 6;

export function PlanView({ plan }: { plan: Plan }) {
  const sections = sectionsOf(plan, useTypeLabel());
  return (
    <div className="plan">
      {sections.length === 0 && <p>Nothing appears, breaks, or goes; no table is locked.</p>}
      {sections.map(({ kind, title, lines, more }) => (
        <section key={kind} data-kind={kind} aria-label={title}>
          <h3>
            {ICONS[kind]}
            {title}
          </h3>
          {kind === "appears" && lines.length > MOST_SHOWN ? (
            <details>
              <summary>{lines.length + more} parts of the API</summary>
              <Lines lines={lines} more={more} />
            </details>
          ) : (
            <Lines lines={lines} more={more} />
          )}
        </section>
      ))}
      {plan.sql.length > 0 && (
        <details>
          <summary>SQL ({plan.counts.sql})</summary>
          <pre>{plan.sql.join(";\n\n")}</pre>
        </details>
      )}
    </div>
  );
}

function Lines({ lines, more }: { lines: readonly string[]; more: number }) {
  return (
    <ul>
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
      {more > 0 && <li className="plan-more">and {more} more</li>}
    </ul>
  );
}
