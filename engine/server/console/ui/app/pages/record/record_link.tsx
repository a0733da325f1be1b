// The way to a record: a press opens it as its page or panel wants it, and a tab of the browser has it by its address.

import type { MouseEvent, ReactNode } from "react";
import { Link } from "react-router";

export type RecordLinkProps = {
  plural: string;
  id: string;
  className: string;
  label?: string;
  children: ReactNode;
  onOpen(plural: string, id: string): void;
};

export function RecordLink({ plural, id, className, label, children, onOpen }: RecordLinkProps) {
  function open(event: MouseEvent): void {
    // With such a key the browser opens another tab or window.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onOpen(plural, id);
  }
  return (
    <Link
      to={`/records/${plural}/${id}`}
      className={className}
      data-kind="quiet"
      aria-label={label}
      // A card that carries the link is dragged itself.
      draggable={false}
      onClick={open}
    >
      {children}
    </Link>
  );
}
