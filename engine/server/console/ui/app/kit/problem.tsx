// A problem that belongs to no single field: it stays until it is resolved, can be selected, and copied.

import { Check, Copy, Info, TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";

import { Button } from "./button.tsx";
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
  const [isCopied, setCopied] = useState(false);
  return (
    <div className="problem" data-kind={kind} role={kind === "info" ? "status" : "alert"}>
      {kind === "info" ? <Info aria-hidden /> : <TriangleAlert aria-hidden />}
      <div className="problem-body">
        <strong>{title}</strong>
        {text && <p className="problem-text">{text}</p>}
        {children}
      </div>
      {text && (
        <Button
          kind="quiet"
          icon={isCopied ? <Check aria-hidden /> : <Copy aria-hidden />}
          aria-label={isCopied ? "Copied" : "Copy the problem"}
          onPress={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
        />
      )}
    </div>
  );
}
