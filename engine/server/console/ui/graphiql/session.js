// What the editors start with, and where what is typed into them is kept.

const WELCOME = `# Signed in to the console you need no API key;
# otherwise it goes into the field above.
# Ctrl-Enter runs, Ctrl-Space completes;
# the book shows the documentation.

{
  __typename
}
`;

/** The texts that the editors start with, taken from the address. */
export function initialEditors() {
  const given = new URLSearchParams(window.location.search);
  return {
    query: given.get("query") ?? undefined,
    variables: given.has("variables") ? pretty(given.get("variables")) : undefined,
    headers: given.has("headers") ? pretty(given.get("headers")) : "{}",
    welcome: WELCOME,
  };
}

/** The key that the address gave, or that another page of this browser tab was given; "" without one. */
export function initialKey(root) {
  const key = new URLSearchParams(window.location.hash.slice(1)).get("key");
  if (!key) {
    return window.sessionStorage.getItem(keyPlace(root)) ?? "";
  }
  // The fragment never reaches a server; taken out of the address it stays out of the history as well.
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return rememberKey(root, key);
}

/** Keeps a key for GraphiQL and the page of REST until the browser's tab is closed, and returns it without a prefix. */
export function rememberKey(root, text) {
  const key = text.trim().replace(/^Bearer\s+/i, "");
  window.sessionStorage.setItem(keyPlace(root), key);
  return key;
}

function keyPlace(root) {
  return `fieldstone:${root}:key`;
}

/** Whether the browser has a session of the console. */
export async function hasSession(root) {
  const response = await fetch(`${root}/auth/sign-in`, { headers: { Accept: "application/json" } });
  return response.ok && (await response.json()).data.session !== null;
}

/** The headers of a request: the key's, and those in the editor's text, which come first. */
export function headersOf(key, text) {
  const typed = parseHeaders(text);
  return key && authorizationOf(typed) === undefined ? { ...typed, Authorization: `Bearer ${key}` } : typed;
}

/** The value of the header Authorization; undefined without one. */
export function authorizationOf(headers) {
  const found = Object.entries(headers).find(([name, value]) => name.toLowerCase() === "authorization" && value);
  return found && String(found[1]);
}

/** The headers in the editor's text; none while it is no JSON object. */
export function parseHeaders(text) {
  try {
    const headers = JSON.parse(text);
    return headers !== null && typeof headers === "object" && !Array.isArray(headers) ? headers : {};
  } catch {
    return {};
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** A part of `storage` of its own for each endpoint: GraphiQL's keys are the same on every page. */
export function endpointStorage(storage, endpoint) {
  const prefix = `fieldstone:${endpoint}:`;
  const own = () => Object.keys(storage).filter((key) => key.startsWith(prefix));
  return {
    get length() {
      return own().length;
    },
    getItem: (key) => storage.getItem(prefix + key),
    setItem: (key, value) => storage.setItem(prefix + key, value),
    removeItem: (key) => storage.removeItem(prefix + key),
    clear: () => {
      for (const key of own()) {
        storage.removeItem(key);
      }
    },
  };
}
