// The page: GraphiQL on one endpoint, with a way to the other one.

import { StorageAPI } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { useMemo, useRef, useState } from "react";
import { createRoot } from "react-dom/client";

import "@graphiql/react/style.css";
import "@graphiql/plugin-doc-explorer/style.css";
import "@graphiql/plugin-history/style.css";
import "graphiql/graphiql.css";
import "./page.css";

import { authorizationOf, endpointStorage, initialEditors, rememberHeaders } from "./session.js";
import { createTransport } from "./transport.js";
import "./workers.js";

// A key is typed letter by letter; the schema is asked for when the typing rests.
const SCHEMA_REFRESH_DELAY_MS = 600;

function Page({ endpoint, root, pages }) {
  const storage = useMemo(() => endpointStorage(window.localStorage, endpoint), [endpoint]);
  const editors = useMemo(() => {
    const given = initialEditors(root);
    keepQuery(storage, given);
    return given;
  }, [storage, root]);
  const headers = useRef(editors.headers);
  const timer = useRef(undefined);
  const [authorization, setAuthorization] = useState(() => authorizationOf(editors.headers));
  // GraphiQL fetches the schema again whenever it is given another fetcher.
  const fetcher = useMemo(() => createTransport(endpoint, () => headers.current), [endpoint, authorization]);

  function onEditHeaders(text) {
    headers.current = text;
    rememberHeaders(root, text);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setAuthorization(authorizationOf(text)), SCHEMA_REFRESH_DELAY_MS);
  }

  return (
    <GraphiQL
      fetcher={fetcher}
      storage={storage}
      initialQuery={editors.query}
      initialVariables={editors.variables}
      initialHeaders={editors.headers}
      defaultHeaders={editors.headers}
      defaultQuery={editors.welcome}
      defaultEditorToolsVisibility={editors.variables && authorization ? "variables" : "headers"}
      // The headers hold the key: they live as long as the browser's tab and are never written to disk.
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
      inputValueDeprecation
      schemaDescription
      onEditHeaders={onEditHeaders}
    >
      <GraphiQL.Logo>
        <nav className="fieldstone-pages" aria-label="APIs">
          {pages.map(({ path, label }) => (
            <a key={path} href={path} aria-current={path === endpoint ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
      </GraphiQL.Logo>
    </GraphiQL>
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
const { endpoint, root, pages } = container.dataset;
createRoot(container).render(<Page endpoint={endpoint} root={root} pages={JSON.parse(pages)} />);
