import assert from "node:assert/strict";
import { test } from "node:test";

import { QueryClient } from "@tanstack/react-query";

import { exactText, parseExact } from "./exact_json.ts";
import { shareAnswer } from "./share.ts";

const queries = new QueryClient({ defaultOptions: { queries: { structuralSharing: shareAnswer } } });

function read(text: string): readonly Readonly<Record<string, unknown>>[] {
  return queries.setQueryData(["rows"], parseExact(text)) as readonly Readonly<Record<string, unknown>>[];
}

test("a number that a double cannot hold keeps its digits when the answer is read again", () => {
  read('[{"hours":12.50},{"hours":8.50}]');
  const rows = read('[{"hours":19.90},{"hours":8.50},{"hours":12.50}]');
  assert.deepEqual(
    rows.map(({ hours }) => exactText(hours)),
    ["19.90", "8.50", "12.50"],
  );
});

test("what an answer has as the one before is the same for the page", () => {
  const [before] = read('[{"name":"Ada"},{"name":"Grace"}]');
  const [after] = read('[{"name":"Ada"},{"name":"Edsger"}]');
  assert.equal(after, before);
});
