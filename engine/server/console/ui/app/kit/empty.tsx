// A screen with nothing on it yet: one sentence about its purpose, one example, one action, the same as curl.

import type { ReactNode } from "react";

import "./empty.css";

export interface EmptyProps {
  title: string;
  children?: ReactNode;
  /** The button that ends the emptiness. */
  action?: ReactNode;
  /** The command that does the same. */
  command?: string;
}

export function Empty({ title, children, action, command }: EmptyProps) {
  return (
    <section className="empty" aria-label={title}>
      <h2>{title}</h2>
      {children && <div className="empty-text">{children}</div>}
      {action}
      {command && <pre className="empty-command">{command}</pre>}
    </section>
  );
}
