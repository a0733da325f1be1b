// An option in its colour; an unknown colour is gray.

import type { ReactNode } from "react";

import "./cell.css";

const COLORS = ["gray", "brown", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"];

export function Chip({ color, children }: { color: string; children: ReactNode }) {
  return (
    <span className="chip" data-color={COLORS.includes(color) ? color : "gray"}>
      {children}
    </span>
  );
}
