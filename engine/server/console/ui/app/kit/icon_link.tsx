// A link that is an icon alone and looks like a button.

import type { ReactNode } from "react";
import { Link } from "react-router";

import "./button.css";

export function IconLink({ to, label, icon }: { to: string; label: string; icon: ReactNode }) {
  return (
    <Link className="button" data-kind="quiet" data-icon-only to={to} aria-label={label} title={label}>
      {icon}
    </Link>
  );
}
