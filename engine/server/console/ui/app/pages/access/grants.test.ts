import assert from "node:assert/strict";
import { test } from "node:test";

import type { Role } from "../../api/access.ts";
import {
  cellOf,
  changesOf,
  claimsOf,
  draftOf,
  newRole,
  parseWays,
  roleName,
  withAggregates,
  withObject,
  withoutObject,
  withWays,
} from "./grants.ts";

const OWN = { rule: { owner: { eq: "$principal.userId" } } };
const GRANTS = [
  { object: "*", read: {}, aggregates: true },
  { object: "person", read: [OWN], update: [OWN, {}], create: null, delete: [] },
];
const ROLE: Role = {
  id: "1",
  name: "rep",
  label: "Rep",
  description: null,
  parents: [],
  settings: [],
  isSystem: false,
  grants: GRANTS,
  limits: {},
  claims: [{ name: "userId", type: "UUID" }],
};

test("a cell is open, has ways, or is empty", () => {
  const [all, person] = GRANTS;
  assert.ok(all && person);
  assert.equal(cellOf(all, "read"), "all");
  assert.equal(cellOf(all, "destroy"), "none");
  assert.equal(cellOf(person, "read"), "ways");
  assert.equal(cellOf(person, "update"), "all");
  assert.equal(cellOf(person, "create"), "none");
  assert.equal(cellOf(person, "delete"), "none");
});

test("one cell changes and all others stay", () => {
  const changed = withWays(GRANTS, "person", "read", {});
  assert.deepEqual(changed[0], GRANTS[0]);
  assert.deepEqual(changed[1], { ...GRANTS[1], read: {} });
  assert.equal("read" in (withWays(GRANTS, "person", "read", null)[1] ?? {}), false);
});

test("an object begins with the rights of everything else", () => {
  assert.deepEqual(withObject(GRANTS, "company")[2], { object: "company", read: {}, aggregates: true });
  assert.deepEqual(withObject(GRANTS, "person"), GRANTS);
  assert.deepEqual(withoutObject(GRANTS, "person"), [GRANTS[0]]);
});

test("a label gives the name of a role", () => {
  assert.equal(roleName("Night shift"), "night-shift");
  assert.equal(roleName(" 2. Überblick!"), "uberblick");
});

test("ways are JSON objects or lists", () => {
  assert.deepEqual(parseWays('{"rule": {}}'), { rule: {} });
  assert.deepEqual(parseWays("[{}]"), [{}]);
  const exact = '{"rule":{"price":{"gt":12345678901234567.89}}}';
  assert.equal(JSON.stringify(parseWays(exact)), exact);
  for (const text of ["", "{", "1", "1.50", "null"]) {
    assert.equal(parseWays(text), null);
  }
});

test("a new role is created, an old one gets its changed members", () => {
  const draft = { ...newRole(), name: "auditor", label: "Auditor" };
  assert.deepEqual(changesOf(null, draft), [
    {
      createRole: {
        name: "auditor",
        label: "Auditor",
        parents: [],
        settings: [],
        grants: [{ object: "*", read: {}, aggregates: true }],
        limits: {},
        claims: [],
      },
    },
  ]);
  assert.deepEqual(changesOf(ROLE, draftOf(ROLE)), []);
  assert.deepEqual(changesOf(ROLE, { ...draftOf(ROLE), settings: ["AUDIT"] }), [
    { updateRole: { id: "rep", update: { settings: ["AUDIT"] } } },
  ]);
});

test("the rules of a role name its own values and those of the roles that it inherits, in a circle, too", () => {
  const team: Role = { ...ROLE, name: "team", parents: ["rep", "team"], claims: [{ name: "teamId", type: "UUID" }] };
  const names = (draft: Parameters<typeof claimsOf>[0]) => claimsOf(draft, [ROLE, team]).map(({ name }) => name);
  assert.deepEqual(names({ claims: [{ name: "", type: "TEXT" }], parents: ["team", "gone"] }), ["teamId", "userId"]);
  assert.deepEqual(names(ROLE), ["userId"]);
});

test("counting is taken away from one object", () => {
  const changed = withAggregates(GRANTS, "person", false);
  assert.deepEqual(changed[0], GRANTS[0]);
  assert.equal(changed[1]?.aggregates, false);
});
