// The one-time code in the address that a development server prints.

/** The code in the fragment of the address, which is taken out of it; null without one. */
export function takeCode(): string | null {
  const code = readCode(window.location.hash);
  if (code !== null) {
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  }
  return code;
}

/** The code in a fragment, such as `#code=abc`. */
export function readCode(hash: string): string | null {
  return new URLSearchParams(hash.replace(/^#/, "")).get("code") || null;
}
