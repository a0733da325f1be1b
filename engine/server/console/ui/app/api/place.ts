// The addresses of this server, as the document gives them.

const container = typeof document === "undefined" ? null : document.getElementById("app");

/** The path that the server is mounted at; "" at the root of its host. */
export const root = container?.dataset.root ?? "";

/** The path of the console, without a slash at its end. */
export const base = container?.dataset.base ?? "/console";
