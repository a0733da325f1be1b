// The page: GraphiQL on one endpoint, with a way to the other one and back to the console.

import { StorageAPI } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { useEffect, useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";

import {
  authorizationOf,
  endpointStorage,
  hasSession,
  headersOf,
  initialEditors,
  initialKey,
  parseHeaders,
  rememberKey,
} from "./session.js";
import { createTransport } from "./transport.js";
import "./workers.js";

// A header is typed letter by letter; the schema is asked for when the typing rests.
const SCHEMA_REFRESH_DELAY_MS = 600;

function Page({ endpoint, here, root, pages }) {
  const storage = useMemo(() => endpointStorage(window.localStorage, endpoint), [endpoint]);
  const editors = useMemo(() => {
    const given = initialEditors();
    keepQuery(storage, given);
    return given;
  }, [storage]);
  const [key, setKey] = useState(() => initialKey(root));
  const [isSignedIn, setSignedIn] = useState(false);
  const headers = useRef(editors.headers);
  const timer = useRef(undefined);
  const [typed, setTyped] = useState(() => authorizationOf(parseHeaders(editors.headers)));
  // GraphiQL fetches the schema again whenever it is given another fetcher.
  const fetcher = useMemo(
    () => createTransport(endpoint, () => headersOf(key, headers.current)),
    [endpoint, key, typed, isSignedIn],
  );

  useEffect(() => {
    hasSession(root).then(setSignedIn);
  }, [root]);

  function onEditHeaders(text) {
    headers.current = text;
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setTyped(authorizationOf(parseHeaders(text))), SCHEMA_REFRESH_DELAY_MS);
  }

  return (
    <GraphiQL
      fetcher={fetcher}
      // Without anything to sign requests with, the schema is not asked for.
      schema={key || typed || isSignedIn ? undefined : null}
      storage={storage}
      initialQuery={editors.query}
      initialVariables={editors.variables}
      initialHeaders={editors.headers}
      defaultHeaders={editors.headers}
      defaultQuery={editors.welcome}
      defaultEditorToolsVisibility={editors.variables ? "variables" : undefined}
      // The headers may hold a key: they are never written to disk.
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
      inputValueDeprecation
      schemaDescription
      onEditHeaders={onEditHeaders}
    >
      <GraphiQL.Logo>
        <nav className="fieldstone-pages" aria-label="Pages">
          {pages.map(({ path, label }) => (
            <a key={path} href={path} aria-current={path === here ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <KeyForm value={key} isSignedIn={isSignedIn} onUse={(text) => setKey(rememberKey(root, text))} />
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

/** The field of the key, which is kept for the browser's tab. */
function KeyForm({ value, isSignedIn, onUse }) {
  function submit(event) {
    event.preventDefault();
    onUse(event.currentTarget.elements.key.value);
  }
  return (
    <form className="fieldstone-key" onSubmit={submit}>
      <label>
        API key{" "}
        <input
          name="key"
          type="password"
          autoComplete="off"
          spellCheck="false"
          defaultValue={value}
          placeholder={isSignedIn ? "none: you are signed in" : "fs_…"}
        />
      </label>
      <button type="submit">Use</button>
    </form>
  );
}

/** GraphiQL stores what is edited only: without this, leaving the page would lose a query that the address gave. */
function keepQuery(storage, { query, variables }) {
  if (query !== undefined) {
    const stored = new StorageAPI(storage);
    stored.set("query", query);
    stored.set("variables", variables ?? "");
  }
}

const container = document.getElementById("graphiql");
const { endpoint, here, root, pages } = container.dataset;
createRoot(container).render(<Page endpoint={endpoint} here={here} root={root} pages={JSON.parse(pages)} />);
