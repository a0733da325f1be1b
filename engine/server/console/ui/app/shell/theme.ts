// The chosen theme: that of the system, or always the light or the dark one.

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const PLACE = "fieldstone:theme";

/** The theme that was chosen in this browser. */
export function readTheme(): Theme {
  const kept = window.localStorage.getItem(PLACE);
  return THEMES.find((theme) => theme === kept) ?? "system";
}

/** Chooses a theme, at once and for later visits. */
export function chooseTheme(theme: Theme): void {
  if (theme === "system") {
    window.localStorage.removeItem(PLACE);
    delete document.documentElement.dataset.theme;
  } else {
    window.localStorage.setItem(PLACE, theme);
    document.documentElement.dataset.theme = theme;
  }
}
