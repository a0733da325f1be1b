// What the editors start with, and where what is typed into them is kept.

const HEADERS_TEMPLATE = JSON.stringify({ Authorization: "Bearer " }, null, 2);

const WELCOME = `# The API key goes into Headers, below.
# Ctrl-Enter runs, Ctrl-Space completes;
# the book shows the documentation.

{
  __typename
}
`;

/** The texts that the editors start with, taken from the address or from this browser tab's earlier visit. */
export function initialEditors(root) {
  const given = new URLSearchParams(window.location.search);
  return {
    query: given.get("query") ?? undefined,
    variables: given.has("variables") ? pretty(given.get("variables")) : undefined,
    headers: headersFromFragment(root) ?? headersFromQuery(given) ?? rememberedHeaders(root) ?? HEADERS_TEMPLATE,
    welcome: WELCOME,
  };
}

/** The key that the address gave, or that another page of this browser tab was given; "" without one. */
export function initialKey(root) {
  const headers = headersFromFragment(root) ?? rememberedHeaders(root) ?? HEADERS_TEMPLATE;
  return (authorizationOf(headers) ?? "").replace(/^Bearer\s*/i, "");
}

/** Keeps a key for all pages of this root until the browser's tab is closed. */
export function rememberKey(root, key) {
  const headers = JSON.stringify({ Authorization: `Bearer ${key}` }, null, 2);
  rememberHeaders(root, headers);
  return headers;
}

function headersFromFragment(root) {
  const key = new URLSearchParams(window.location.hash.slice(1)).get("key");
  if (!key) {
    return undefined;
  }
  // The fragment never reaches a server; taken out of the address it stays out of the history as well.
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  return rememberKey(root, key);
}

function headersFromQuery(given) {
  return given.has("headers") ? pretty(given.get("headers")) : undefined;
}

/** Keeps the headers for both endpoints of this root until the browser's tab is closed. */
export function rememberHeaders(root, headers) {
  window.sessionStorage.setItem(headersKey(root), headers);
}

function rememberedHeaders(root) {
  return window.sessionStorage.getItem(headersKey(root)) || undefined;
}

function headersKey(root) {
  return `fieldstone:${root}:headers`;
}

/** The value of the Authorization header in the editor's text; undefined without one, or while it is no JSON. */
export function authorizationOf(text) {
  for (const [name, value] of Object.entries(parseHeaders(text))) {
    if (name.toLowerCase() === "authorization" && String(value).trim()) {
      return String(value);
    }
  }
  return undefined;
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
    clear: () => own().forEach((key) => storage.removeItem(key)),
  };
}
