// The API: the request of a list as a program would send it, and the ways to the other documents.

import { useRef, useState } from "react";
import { useSearchParams } from "react-router";

import type { ObjectModel } from "../../api/model.ts";
import { useObject } from "../../api/object_query.ts";
import { useObjectList } from "../../api/objects.ts";
import { base, root } from "../../api/place.ts";
import { useDoor } from "../../api/session.ts";
import { bothOf, buildSearch } from "../../filter/search.ts";
import { buildOrderBy, knownKeys } from "../../grid/order.ts";
import { Button } from "../../kit/button.tsx";
import { CopyButton } from "../../kit/copy_button.tsx";
import { Page } from "../../kit/page.tsx";
import { Select } from "../../kit/select.tsx";
import { readAddress } from "../records/address.ts";
import { LANGUAGES, type Language, requestOf, snippetOf } from "./snippets.ts";
import "./snippets.css";

/** The documents of their own that a server has in development. */
const TOOLS = [
  { href: `${base}/graphql`, title: "GraphiQL for records", text: "Write and run operations of the Core API." },
  { href: `${base}/metadata`, title: "GraphiQL for the model", text: "The same for the Metadata API." },
  { href: `${root}/rest/open-api`, title: "REST", text: "The paths, their parameters, and a form to try each." },
];

export function Component() {
  const [search, setSearch] = useSearchParams();
  const objects = useObjectList();
  const active = (objects.data ?? []).filter(({ isActive }) => isActive);
  const chosen = search.get("object") ?? active[0]?.namePlural ?? "";
  const object = useObject(chosen);
  const tools = useDoor().data?.environment === "development" ? TOOLS : [];
  return (
    <Page title="API">
      <div className="snippets">
        {active.length > 0 && (
          <Select
            label="Object"
            value={chosen}
            choices={active.map(({ namePlural, labelPlural }) => ({ id: namePlural, label: labelPlural }))}
            onChange={(plural) => setSearch({ object: plural })}
          />
        )}
        {object.data && <Snippets object={object.data} />}
        {tools.length > 0 && (
          <ul className="snippets-links">
            {tools.map(({ href, title, text }) => (
              <li key={href}>
                <a href={href}>{title}</a> {text}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Page>
  );
}

function Snippets({ object }: { object: ObjectModel }) {
  const [search] = useSearchParams();
  const shown = useRef<HTMLPreElement>(null);
  const [language, setLanguage] = useState<Language>("curl");
  const { filter, order, search: words } = readAddress(search);
  const found = buildSearch(
    words,
    object.fields.filter((field) => !field.isSystem),
  );
  const address = new URL(`${root}/graphql`, window.location.href).href;
  const text = snippetOf(
    language,
    requestOf(object, address, bothOf(filter, found), buildOrderBy(knownKeys(order, object))),
  );
  return (
    <section className="snippets-one" aria-label="Request">
      <div className="snippets-bar">
        <fieldset>
          <legend>Language</legend>
          {LANGUAGES.map(({ id, label }) => (
            <Button
              key={id}
              kind={id === language ? "primary" : "plain"}
              aria-pressed={id === language}
              onPress={() => setLanguage(id)}
            >
              {label}
            </Button>
          ))}
        </fieldset>
        <CopyButton key={text} text={text} of={shown} />
      </div>
      <pre ref={shown}>{text}</pre>
      <p className="snippets-note">
        KEY is an API key in the environment of the program. Filter, search and order are those of the list that led
        here.
      </p>
    </section>
  );
}
