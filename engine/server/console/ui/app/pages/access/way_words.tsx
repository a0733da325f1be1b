// A way in words: the role that grants it, its records, fields and check.

import { isObject } from "../../api/exact_json.ts";
import type { ObjectModel } from "../../api/model.ts";
import { useObject } from "../../api/object_query.ts";
import { type Filter, parseFilter } from "../../filter/tree.ts";
import { membersOf, useFieldsAt } from "../../filter/use_fields.ts";
import { useWords } from "../../filter/use_words.ts";
import { readWays } from "./ways.ts";

export interface WayWordsProps {
  way: Readonly<Record<string, unknown>>;
  plural: string;
}

export function WayWords({ way, plural }: WayWordsProps) {
  const { data: object } = useObject(plural);
  return object ? <Words way={way} object={object} /> : null;
}

function Words({ way, object }: { way: WayWordsProps["way"]; object: ObjectModel }) {
  const [read] = readWays(way);
  const rule = isObject(way.rule) ? way.rule : {};
  const check = isObject(way.check) ? way.check : {};
  const fieldsAt = useFieldsAt(object, { rule, check });
  const rows = (filter: Filter) => parseFilter(filter, membersOf(fieldsAt));
  const [ruleRows, checkRows] = [rows(rule), rows(check)];
  const wordsOf = useWords([ruleRows, checkRows], fieldsAt);
  const labelOf = (name: string) => object.fields.find((field) => field.name === name)?.label ?? name;
  const { mode = "all", names = [] } = read?.fields ?? {};
  const listed = names.map(labelOf).join(", ") || "none";
  const lines: [string, string][] = [
    ["Granted by", String(way.role ?? "—")],
    ["Records", wordsOf(ruleRows) || "all"],
    ["Fields", mode === "all" ? "all" : mode === "only" ? listed : `all but ${listed}`],
    ...(read?.check === undefined ? [] : [["Check", wordsOf(checkRows) || "none"] as [string, string]]),
    ...Object.entries(read?.preset ?? {}).map(([name, value]): [string, string] => [
      "Preset",
      `${labelOf(name.replace(/Id$/, ""))}: ${typeof value === "string" ? value : JSON.stringify(value)}`,
    ]),
  ];
  return (
    <dl className="explain-way">
      {lines.map(([term, text]) => (
        <div key={`${term} ${text}`}>
          <dt>{term}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
