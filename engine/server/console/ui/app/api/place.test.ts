import assert from "node:assert/strict";
import { test } from "node:test";

type Place = typeof import("./place.ts");

test("the addresses are those that the document gives, and those of a server at the root of its host without one", async () => {
  const { root, base }: Place = await import("./place.ts");
  assert.deepEqual([root, base], ["", "/console"]);

  const dataset = { root: "/crm", base: "/crm/console" };
  Object.assign(globalThis, { document: { getElementById: (id: string) => (id === "app" ? { dataset } : null) } });
  const another = "./place.ts?of-a-document";
  const placed: Place = await import(another);
  assert.deepEqual([placed.root, placed.base], ["/crm", "/crm/console"]);
});
