import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { exactText } from "../api/exact_json.ts";
import { labelsOf, type Option } from "../api/model.ts";
import type { FieldLike } from "./field_type.ts";
import { partsOf } from "./parts.ts";
import {
  copyText,
  formatValue,
  isEditable,
  isKnown,
  isLocked,
  labelOf,
  parseText,
  refusalOf,
  typeOf,
} from "./registry.ts";
import { toLocal } from "./types/date_time.ts";

const OPTIONS: readonly Option[] = [
  { value: "NEW", label: "New lead" },
  { value: "WON", label: "Won" },
];

function like(type: string, settings: Record<string, unknown> = {}): FieldLike {
  return { type, options: OPTIONS, settings, relation: null };
}

// Each row: type, settings, a text that is typed, the value that is sent, the text that is shown.
const TYPED: readonly (readonly [string, Record<string, unknown>, string, unknown, string])[] = [
  ["TEXT", {}, "Zoë", "Zoë", "Zoë"],
  [
    "UUID",
    {},
    "0191D2A4-7C1E-7B0A-9D2E-3F5A6B7C8D9E",
    "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e",
    "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e",
  ],
  ["NUMBER", { dataType: "int" }, "-2147483648", -2147483648, "-2,147,483,648"],
  ["NUMBER", { dataType: "bigint" }, "9223372036854775807", "9223372036854775807", "9,223,372,036,854,775,807"],
  ["NUMBER", {}, "12500.50", "12500.50", "12,500.50"],
  ["NUMBER", { dataType: "float" }, "1.5", "1.5", "1.5"],
  ["NUMERIC", {}, "0.10000000000000000000000001", "0.10000000000000000000000001", "0.10000000000000000000000001"],
  ["BOOLEAN", {}, "yes", true, "Yes"],
  ["DATE", {}, "2024-02-29", "2024-02-29", "29 Feb 2024"],
  ["SELECT", {}, "new lead", "NEW", "New lead"],
  ["RATING", {}, "RATING_3", "RATING_3", "★★★"],
  ["RATING", {}, "3", "RATING_3", "★★★"],
  ["MULTI_SELECT", {}, "won, NEW, Won", ["WON", "NEW"], "Won, New lead"],
  ["ARRAY", {}, '["a,b", "c"]', ["a,b", "c"], "a,b, c"],
  ["ARRAY", {}, "one\ntwo", ["one", "two"], "one, two"],
  ["RAW_JSON", {}, '{"a": [1, null]}', { a: [1, null] }, '{"a":[1,null]}'],
  ["FULL_NAME", {}, "Ada King Lovelace", { firstName: "Ada", lastName: "King Lovelace" }, "Ada King Lovelace"],
  ["EMAILS", {}, "ada@example.com", { primaryEmail: "ada@example.com" }, "ada@example.com"],
  ["CURRENCY", {}, "12,500.5 eur", { amountMicros: "12500500000", currencyCode: "EUR" }, "12,500.50 EUR"],
  ["CURRENCY", {}, "USD 1,234,567", { amountMicros: "1234567000000", currencyCode: "USD" }, "1,234,567.00 USD"],
  ["CURRENCY", {}, "-0.000001", { amountMicros: "-1" }, "-0.000001"],
  ["LINKS", {}, "https://example.com", { primaryLinkUrl: "https://example.com" }, "https://example.com"],
  [
    "PHONES",
    {},
    '{"primaryPhoneCallingCode":"+49","primaryPhoneNumber":"30 1"}',
    { primaryPhoneCallingCode: "+49", primaryPhoneNumber: "30 1" },
    "+49 30 1",
  ],
  ["RICH_TEXT", {}, "# A\n\nb", { markdown: "# A\n\nb" }, "# A b"],
  ["POSITION", {}, "1.25", "1.25", "1.25"],
];

for (const [type, settings, typed, sent, shown] of TYPED) {
  test(`${type} ${JSON.stringify(settings)} reads ${typed}`, () => {
    const field = like(type, settings);
    const parsed = parseText(typed, field);
    assert.ok("value" in parsed, JSON.stringify(parsed));
    const value = typeof sent === "string" ? exactText(parsed.value) : parsed.value;
    assert.deepEqual(value, sent);
    assert.equal(formatValue(parsed.value, field), shown);
    assert.deepEqual(parseText(copyText(parsed.value, field), field), parsed, "a copy is read back as the same value");
  });
}

const REFUSED: readonly (readonly [string, Record<string, unknown>, string])[] = [
  ["NUMBER", { dataType: "int" }, "2147483648"],
  ["NUMBER", { dataType: "int" }, "1.5"],
  ["NUMBER", { dataType: "bigint" }, "9223372036854775808"],
  ["NUMBER", {}, "12 500"],
  ["NUMBER", {}, "NaN"],
  ["BOOLEAN", {}, "maybe"],
  ["DATE", {}, "2023-02-29"],
  ["DATE", {}, "31.1.2024"],
  ["DATE_TIME", {}, "2024-13-01"],
  ["DATE_TIME", {}, "2024-02-30 09:30"],
  ["RATING", {}, "6"],
  ["UUID", {}, "42"],
  ["SELECT", {}, "LOST"],
  ["MULTI_SELECT", {}, "WON, LOST"],
  ["ARRAY", {}, "[1]"],
  ["RAW_JSON", {}, "{a: 1}"],
  ["CURRENCY", {}, "1.0000001"],
  ["CURRENCY", {}, "12,50 EUR"],
  ["CURRENCY", {}, "1.234,56"],
  ["ADDRESS", {}, "Main street 1"],
];

for (const [type, settings, typed] of REFUSED) {
  test(`${type} ${JSON.stringify(settings)} refuses ${typed} with a sentence`, () => {
    const parsed = parseText(typed, like(type, settings));
    assert.ok("problem" in parsed && parsed.problem.length > 10);
  });
}

test("NULL, the empty text and the empty list are shown differently", () => {
  assert.equal(formatValue([], like("ARRAY")), "empty");
  assert.equal(formatValue([], like("MULTI_SELECT")), "empty");
  assert.equal(formatValue(null, like("TEXT")), "—");
  assert.equal(formatValue("", like("TEXT")), "empty");
  assert.deepEqual(parseText("", like("TEXT")), { value: null });
});

test("a time keeps its microseconds, and one without an offset is in the reader's zone", () => {
  assert.deepEqual(parseText("2024-01-31T09:30:00.123456Z", like("DATE_TIME")), {
    value: "2024-01-31T09:30:00.123456Z",
  });
  assert.deepEqual(parseText("2024-01-31T09:30:00.5+02:00", like("DATE_TIME")), { value: "2024-01-31T07:30:00.5Z" });
  const local = toLocal("2024-01-31T09:30:00Z");
  assert.deepEqual(parseText(local, like("DATE_TIME")), { value: "2024-01-31T09:30:00Z" });
});

test("a type that the console does not know is shown as JSON and cannot be edited", () => {
  const field = like("HOLOGRAM");
  assert.equal(formatValue({ depth: 3 }, field), '{"depth":3}');
  assert.equal(typeOf(field).editor, null);
});

test("every type of the reference is known, with every part of its composites and its set of operators", () => {
  const page = readFileSync(new URL("../../../../../../docs/reference/field-types.md", import.meta.url), "utf-8");
  const rows = [...page.matchAll(/^\| `([A-Z_]+)`(?:, `(\w+)`)? \| [^|]+ \| (\w+) \|/gm)];
  assert.ok(rows.length > 40);
  for (const [, type = "", name, operators] of rows) {
    assert.ok(isKnown(type), type);
    const parts = partsOf(type);
    if (parts.length === 0) {
      assert.equal(typeOf(like(type)).operators, operators, type);
    } else {
      const part = parts.find((one) => one.name === name);
      assert.ok(part, `${type} ${name}`);
      assert.equal(typeOf(like(part.type)).operators, operators, `${type} ${name}`);
    }
  }
});

const TARGET = {
  id: "c",
  nameSingular: "company",
  namePlural: "companies",
  labelSingular: "Company",
  labelPlural: "Companies",
};

function related(type: "MANY_TO_ONE" | "ONE_TO_MANY", labels: readonly { name: string; type: string }[]): FieldLike {
  return {
    ...like("RELATION"),
    relation: { type, target: { ...TARGET, labels }, targetField: "people", holdsKey: true },
  };
}

test("a related record is shown by its label, read by its id, and by that where its label is empty", () => {
  const field = related("MANY_TO_ONE", [{ name: "name", type: "TEXT" }]);
  const id = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e";
  assert.equal(formatValue({ id, name: "Orion" }, field), "Orion");
  assert.equal(formatValue({ id, name: null }, field), id);
  assert.equal(copyText({ id, name: "Orion" }, field), id);
  assert.equal(copyText(id, field), id);
  assert.deepEqual(parseText(id, field), { value: id });
  assert.ok("problem" in parseText("Orion", field));
  const names = [
    { name: "firstName", type: "TEXT" },
    { name: "lastName", type: "TEXT" },
  ];
  assert.equal(labelOf({ id, firstName: "Ada", lastName: "Lovelace" }, names), "Ada Lovelace");
  assert.equal(labelOf("no record", names), "");
});

test("a record without a text is named by the records that it leads to, two of them at most", () => {
  const id = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e";
  const names = [{ name: "name", type: "TEXT" }];
  const labels = labelsOf([
    { name: "note", type: "NUMBER" },
    { name: "person", type: "RELATION", labels: names },
    { name: "lot", type: "RELATION", labels: [] },
    { name: "company", type: "RELATION", labels: names },
    { name: "deal", type: "RELATION", labels: names },
  ]);
  assert.deepEqual(
    labels.map(({ name }) => name),
    ["person", "company", "deal"],
  );
  const [person, company, deal] = [{ name: "Ada" }, { name: "Orion" }, { name: "Spring" }];
  assert.equal(labelOf({ id, person, company, deal }, labels), "Ada · Orion");
  assert.equal(labelOf({ id, person: null, company, deal }, labels), "Orion · Spring");
  assert.equal(labelOf({ id, person: null, company: null, deal: null }, labels), id);
});

test("many related records are a number that no text changes", () => {
  const field = related("ONE_TO_MANY", []);
  assert.equal(formatValue({ totalCount: 12 }, field), "12");
  assert.equal(copyText({ totalCount: 12 }, field), "12");
  assert.ok("problem" in parseText("12", field));
});

test("addresses, authors and lists of addresses are shown in a line", () => {
  const address = {
    addressStreet1: "Main street 1",
    addressPostcode: "0600",
    addressCity: "Bonn",
    addressCountry: "DE",
  };
  assert.equal(formatValue(address, like("ADDRESS")), "Main street 1, 0600 Bonn, DE");
  assert.equal(formatValue({ name: "Ada", source: "IMPORT" }, like("ACTOR")), "Ada (import)");
  assert.equal(formatValue({ name: null, source: "API" }, like("ACTOR")), "API");
  const emails = { primaryEmail: "a@b.example", additionalEmails: ["c@d.example", "e@f.example"] };
  assert.equal(formatValue(emails, like("EMAILS")), "a@b.example +2");
  assert.equal(formatValue("-500000", like("MICROS")), "-0.50");
  assert.equal(copyText("1250000", like("MICROS")), "1.25");
  assert.ok("problem" in parseText("many", like("MICROS")));
});

test("a long value of JSON is cut where it is shown and whole where it is copied", () => {
  const long = { text: "x".repeat(500) };
  assert.equal(formatValue(long, like("RAW_JSON")).length, 201);
  assert.equal(copyText(long, like("RAW_JSON")), JSON.stringify(long, null, 2));
});

const WHOLE = {
  id: "1",
  name: "x",
  label: "X",
  description: null,
  isSystem: false,
  isNullable: true,
  isUnique: false,
};

test("the server's own members, and ends without a key, are not edited", () => {
  assert.equal(isEditable({ ...WHOLE, ...like("TEXT") }), true);
  assert.equal(isEditable({ ...WHOLE, ...like("TEXT"), name: "createdBy", isSystem: true }), false);
  assert.equal(isEditable({ ...WHOLE, ...like("TS_VECTOR") }), false);
  const many = related("ONE_TO_MANY", []);
  assert.equal(
    isEditable({ ...WHOLE, ...many, relation: many.relation && { ...many.relation, holdsKey: false } }),
    false,
  );
});

test("a field that the role does not give is locked in an update, and open in a new record", () => {
  const field = { ...WHOLE, ...like("TEXT"), given: { create: true, update: false } };
  assert.equal(refusalOf(field, "create"), null);
  assert.equal(refusalOf(field, "update"), "Your role does not write X.");
  assert.equal(isLocked(field), true);
  const system = { ...field, name: "createdAt", isSystem: true, given: { create: false, update: false } };
  assert.equal(refusalOf(system, "update"), "X cannot be changed.");
  // No role gives it: the lock is about this one.
  assert.equal(isLocked(system), false);
});

test("a composite without a part is copied as no value", () => {
  const price = like("CURRENCY");
  assert.equal(copyText({ amountMicros: null, currencyCode: null }, price), "");
  assert.equal(
    copyText({ amountMicros: null, currencyCode: "EUR" }, price),
    '{"amountMicros":null,"currencyCode":"EUR"}',
  );
});
