// The content of a cell that leads somewhere: a tab of the browser has it by its address, and a press alone is for the cell.

import type { MouseEvent, ReactNode } from "react";

export function CellLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <a
      className="grid-link"
      href={href}
      target="_blank"
      rel="noopener noreferrer"
      tabIndex={-1}
      draggable={false}
      onClick={open}
      onAuxClick={open}
    >
      {children}
    </a>
  );
}

// Chromium follows no link in an element that takes text by an `EditContext`, as the grid does.
function open(event: MouseEvent<HTMLAnchorElement>): void {
  event.preventDefault();
  // A screen reader presses the link itself, without a pointer: no cell is chosen by that.
  const isPressed = event.type === "click" && event.detail === 0;
  if (isPressed || event.button === 1 || event.ctrlKey || event.metaKey)
    window.open(event.currentTarget.href, "_blank", "noopener");
}
