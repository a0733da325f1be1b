// A problem that belongs to no single field: it stays until it is resolved, can be selected, and copied.

import { Info, TriangleAlert } from "lucide-react";
import { type ReactNode, useRef } from "react";

import { CopyButton } from "./copy_button.tsx";
import "./problem.css";

export interface ProblemProps {
  title: ReactNode;
  /** The lines of the problem, as Copy gives them. */
  text?: string;
  /** `warn` marks a state that the person should know of but that nothing is broken by. */
  kind?: "danger" | "warn" | "info";
  children?: ReactNode;
}

export function Problem({ title, text, kind = "danger", children }: ProblemProps) {
  const shown = useRef<HTMLParagraphElement>(null);
  return (
    <div className="problem" data-kind={kind} role={kind === "info" ? "status" : "alert"}>
      {kind === "info" ? <Info aria-hidden /> : <TriangleAlert aria-hidden />}
      <div className="problem-body">
        <strong>{title}</strong>
        {text && (
          <p ref={shown} className="problem-text">
            {text}
          </p>
        )}
        {children}
      </div>
      {text && <CopyButton kind="quiet" text={text} of={shown} label="Copy the problem" />}
    </div>
  );
}
