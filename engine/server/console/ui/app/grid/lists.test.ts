import assert from "node:assert/strict";
import { test } from "node:test";
import { parseExact } from "../api/exact_json.ts";
import { type Field, labelsOf, type ObjectModel, type RecordRow } from "../api/model.ts";
import { fieldOf } from "../api/testdata/field.ts";
import { defaultColumns, move, reconcile, resize, shownFields, toggle } from "./columns.ts";
import { buildChange, changedFields, mergeData } from "./edits.ts";
import { type Batch, isLater, laterOf, openBatcher, withLater } from "./live.ts";
import { buildOrderBy, knownKeys, nextOrder, orderPath, parseOrder, printOrder } from "./order.ts";
import { misplaced } from "./places.ts";

const field = (name: string, type = "TEXT", rest: Partial<Field> = {}) =>
  fieldOf(name, type, { id: `id of ${name}`, ...rest });

const target = {
  id: "c",
  nameSingular: "company",
  namePlural: "companies",
  labelSingular: "Company",
  labelPlural: "Companies",
  labels: [{ name: "name", type: "FULL_NAME" }],
};
const company = field("company", "RELATION", {
  relation: { type: "MANY_TO_ONE", target, targetField: "people", holdsKey: true },
});
const deals = field("deals", "RELATION", {
  relation: { type: "ONE_TO_MANY", target, targetField: "person", holdsKey: false },
});
const budget = field("budget", "CURRENCY");
const fields = [
  field("city"),
  field("name"),
  company,
  deals,
  budget,
  field("meta", "RAW_JSON"),
  field("id", "UUID", { isSystem: true }),
  field("createdAt", "DATE_TIME", { isSystem: true }),
];
const PEOPLE: ObjectModel = {
  id: "p",
  nameSingular: "person",
  namePlural: "people",
  labelSingular: "Person",
  labelPlural: "People",
  description: null,
  fields,
  labels: labelsOf(fields),
};
const names = (columns: ReturnType<typeof defaultColumns>) =>
  shownFields(columns, PEOPLE).map((shown) => shown.field.name);

test("a list without a view begins with the label and ends with the system's fields", () => {
  assert.deepEqual(names(defaultColumns(PEOPLE)), ["name", "city", "company", "budget", "createdAt"]);
});

test("a field that is gone leaves a view's columns, and a new one is hidden", () => {
  const columns = reconcile(
    [
      { fieldId: "gone", width: 90, visible: true },
      { fieldId: "id of city", width: 300, visible: true },
    ],
    PEOPLE,
  );
  assert.deepEqual(names(columns), ["city"]);
  assert.equal(columns.length, fields.length);
});

test("columns are shown, sized and moved among the visible ones", () => {
  const columns = defaultColumns(PEOPLE);
  assert.deepEqual(names(toggle(columns, "id of city")), ["name", "company", "budget", "createdAt"]);
  assert.equal(resize(columns, "id of name", 3)[0]?.width, 60);
  assert.deepEqual(names(move(columns, "id of budget", -1)), ["name", "city", "budget", "company", "createdAt"]);
  assert.deepEqual(names(move(columns, "id of budget", 9)), ["name", "city", "company", "createdAt", "budget"]);
  assert.deepEqual(names(move(columns, "id of name", -1)), names(columns));
});

test("an order goes to the address and back, and names a relation by its label", () => {
  const keys = parseOrder("-createdAt,company.name.firstName,;drop");
  assert.equal(printOrder(keys), "-createdAt,company.name.firstName");
  assert.deepEqual(buildOrderBy(keys), [
    { createdAt: "DescNullsLast" },
    { company: { name: { firstName: "AscNullsLast" } } },
  ]);
  assert.deepEqual(orderPath(company), ["company", "name", "firstName"]);
  assert.deepEqual(orderPath(budget), ["budget", "amountMicros"]);
  assert.equal(orderPath(deals), null);
  assert.equal(orderPath(field("meta", "RAW_JSON")), null);
});

test("a column's head orders up, down, and not at all; with Shift beside the others", () => {
  const up = nextOrder([], ["city"], false);
  const down = nextOrder(up, ["city"], false);
  assert.equal(printOrder(up), "city");
  assert.equal(printOrder(down), "-city");
  assert.equal(printOrder(nextOrder(down, ["city"], false)), "");
  assert.equal(printOrder(nextOrder(down, ["name"], false)), "name");
  assert.equal(printOrder(nextOrder(down, ["name"], true)), "-city,name");
  assert.equal(printOrder(nextOrder(parseOrder("-city,name"), ["name"], true)), "-city,-name");
  assert.equal(printOrder(nextOrder(parseOrder("-city,name"), ["city"], true)), "name");
});

const RECORD: RecordRow = {
  id: "1",
  updatedAt: "now",
  deletedAt: null,
  city: "Bonn",
  companyId: "c1",
  company: { id: "c1", name: "Orion" },
  budget: { amountMicros: "5", currencyCode: "EUR" },
  score: parseExact("1.50"),
};

test("a change has the changed fields alone, with the data that undoes it", () => {
  assert.equal(buildChange(RECORD, field("city"), "Bonn"), null);
  assert.deepEqual(buildChange(RECORD, field("city"), null), { before: { city: "Bonn" }, after: { city: null } });
  assert.deepEqual(buildChange(RECORD, company, "c2"), { before: { companyId: "c1" }, after: { companyId: "c2" } });
  assert.equal(buildChange(RECORD, field("score", "NUMBER"), parseExact("1.50")), null);
});

test("a composite sends its changed parts alone, and NULL empties all of them", () => {
  assert.deepEqual(buildChange(RECORD, budget, { amountMicros: "5", currencyCode: "CHF" }), {
    before: { budget: { currencyCode: "EUR" } },
    after: { budget: { currencyCode: "CHF" } },
  });
  assert.deepEqual(buildChange(RECORD, budget, null)?.after, { budget: { amountMicros: null, currencyCode: null } });
  assert.equal(buildChange(RECORD, budget, { amountMicros: "5" }), null);
});

test("changes of one record are put together", () => {
  assert.deepEqual(mergeData({ city: "A", budget: { amountMicros: "1" } }, { budget: { currencyCode: "CHF" } }), {
    city: "A",
    budget: { amountMicros: "1", currencyCode: "CHF" },
  });
});

test("the fields that another changed are found", () => {
  const after = { ...RECORD, city: "Ulm", updatedAt: "later" };
  assert.deepEqual(
    changedFields(RECORD, after, fields).map((one) => one.name),
    ["city"],
  );
});

test("times are compared to the microsecond, whatever zeros they leave out", () => {
  assert.ok(isLater("2024-01-31T09:30:00.25Z", "2024-01-31T09:30:00.249999Z"));
  assert.ok(isLater("2024-01-31T09:30:00.000001Z", "2024-01-31T09:30:00Z"));
  assert.ok(!isLater("2024-01-31T09:30:00Z", "2024-01-31T09:30:00Z"));
});

test("events are merged by record, and a flood is told as one", () => {
  const batches: Batch[] = [];
  let timer: (() => void) | null = null;
  let now = 0;
  const clock = { start: (action: () => void) => (timer = action), stop: () => (timer = null) };
  const batcher = openBatcher(
    (batch) => batches.push(batch),
    clock,
    () => now,
  );
  const flush = () => timer?.();
  batcher.add({ action: "CREATED", record: { id: "1", city: "A" } });
  batcher.add({ action: "UPDATED", record: { id: "1", city: "B" } });
  flush();
  assert.deepEqual(batches.pop(), { events: [{ action: "CREATED", record: { id: "1", city: "B" } }], flood: false });
  now = 5000;
  for (let index = 0; index < 60; index++) batcher.add({ action: "UPDATED", record: { id: `${index}` } });
  flush();
  assert.deepEqual(batches.pop(), { events: [], flood: true });
  now = 9000;
  batcher.add({ action: "DELETED", record: { id: "1" } });
  flush();
  assert.equal(batches.pop()?.flood, false);
});

test("an undo of a relation to one of several objects gives back the one that it emptied", () => {
  const end = (name: string) => ({ ...company, id: name, name, settings: { morph: { id: "m", name: "owner" } } });
  const [one, other] = [end("ownerPerson"), end("ownerCompany")];
  const row = { id: "1", updatedAt: "", deletedAt: null, ownerPersonId: null, ownerCompanyId: "c1" };
  assert.deepEqual(buildChange(row, one, "p1", [one, other, company]), {
    before: { ownerCompanyId: "c1" },
    after: { ownerPersonId: "p1" },
  });
  assert.deepEqual(buildChange(row, other, null, [one, other])?.before, { ownerCompanyId: "c1" });
});

test("a list takes the later one of two versions of a record", () => {
  const row = (id: string, updatedAt: string) => ({ id, updatedAt, deletedAt: null });
  const [earlier, later] = [row("1", "2024-01-31T09:30:00Z"), row("1", "2024-01-31T09:30:01Z")];
  assert.deepEqual(withLater([later])(earlier), later);
  // The answer to a write with a key has the written fields alone, and that to a role without versions no more.
  assert.deepEqual(withLater([later])({ ...earlier, city: "Ulm" }), { ...later, city: "Ulm" });
  assert.deepEqual(withLater([{ id: "1" } as RecordRow])({ ...earlier, city: "Ulm" }), { ...earlier, city: "Ulm" });
  assert.equal(withLater([earlier])(later), undefined);
  assert.equal(withLater([later])(row("2", "2020-01-01T00:00:00Z")), undefined);
});

test("a key of an order whose field is gone is left out", () => {
  const keys = parseOrder("-city,gone");
  assert.deepEqual(
    knownKeys(keys, { fields: [field("city")] } as unknown as ObjectModel).map(({ path }) => path),
    [["city"]],
  );
});

test("a list that is closed is told of no more events", () => {
  const batches: Batch[] = [];
  let timer: (() => void) | null = null;
  const clock = { start: (action: () => void) => (timer = action), stop: () => (timer = null) };
  const batcher = openBatcher(
    (batch) => batches.push(batch),
    clock,
    () => 0,
  );
  batcher.add({ action: "CREATED", record: { id: "1" } });
  batcher.close();
  assert.equal(timer, null);
});

test("a read that began before an own write does not take the place of the record that it left", () => {
  const before = { id: "1", updatedAt: "2024-01-31T09:30:00Z" };
  const written = { id: "1", updatedAt: "2024-01-31T09:30:00.5Z" };
  assert.equal(laterOf(before, written), written);
  assert.equal(laterOf(written, before), written);
  // The record of a relation may have another name though the record itself did not change.
  const renamed = { ...written, company: { id: "2", name: "Orion" } };
  assert.equal(laterOf(renamed, written), renamed);
  assert.equal(laterOf(null, written), null);
  assert.equal(laterOf(before, undefined), before);
  // A role that reads no versions sees the last answer.
  assert.deepEqual(laterOf({ id: "1" }, { id: "1", a: 1 }), { id: "1" });
});

test("a row is misplaced if the server has a neighbour on its other side", () => {
  const place = (before: string | undefined, id: string, after: string | undefined) => ({ id, before, after });
  assert.deepEqual(misplaced([place("a", "b", "c")], ["a", "b", "c"]), []);
  assert.deepEqual(misplaced([place("a", "b", "c")], ["a", "c", "b"]), ["b"]);
  assert.deepEqual(misplaced([place("a", "b", "c")], ["b", "a", "c"]), ["b"]);
  // At the ends of the rows that are here there is one neighbour, and one that left the list says nothing.
  assert.deepEqual(misplaced([place(undefined, "b", "c")], ["c", "b"]), ["b"]);
  assert.deepEqual(misplaced([place("a", "b", "c")], ["b"]), []);
  assert.deepEqual(misplaced([place("a", "b", "c")], ["a", "c"]), []);
  // Of several changed rows only those that have left their neighbours.
  const both = [place("a", "b", "d"), place("a", "c", "d")];
  assert.deepEqual(misplaced(both, ["a", "b", "c", "d"]), []);
  assert.deepEqual(misplaced(both, ["a", "c", "d", "b"]), ["b"]);
  assert.deepEqual(misplaced(both, ["a", "c", "b", "d"]), ["c"]);
});
