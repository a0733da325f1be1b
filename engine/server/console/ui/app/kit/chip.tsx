// A short word with a colour: a state, an option. The colour never says anything alone.

import type { ReactNode } from "react";

import "./chip.css";

export const COLORS = ["gray", "brown", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"] as const;
export type Color = (typeof COLORS)[number];

/** Colours under the names that Twenty gives them, which the options of the standard objects have. */
const OTHER_NAMES: Readonly<Record<string, Color>> = { sky: "blue", turquoise: "teal" };

/** The colour of that name; gray for one that the console does not know. */
export function colorOf(name: unknown): Color {
  return COLORS.find((color) => color === name) ?? OTHER_NAMES[String(name)] ?? "gray";
}

export function Chip({ color = "gray", children }: { color?: Color; children: ReactNode }) {
  return (
    <span className="chip" data-color={color}>
      {children}
    </span>
  );
}
