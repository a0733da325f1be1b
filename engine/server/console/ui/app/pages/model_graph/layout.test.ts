import assert from "node:assert/strict";
import { test } from "node:test";

import { draw, HEIGHT, neighbours, pathOf, WIDTH } from "./layout.ts";

const EDGES = [
  { id: "1", source: "person", target: "company" },
  { id: "2", source: "activity", target: "person" },
  { id: "3", source: "company", target: "company" },
];

test("an object opens with the objects at both ends of its relations", () => {
  assert.deepEqual(neighbours(EDGES, new Set(["person"])), new Set(["person", "company", "activity"]));
  assert.deepEqual(neighbours(EDGES, new Set(["company"])), new Set(["company", "person"]));
});

test("no two objects overlap, and lonely ones stand below", () => {
  const names = ["person", "company", "activity", "note", "tag"];
  const { places, bends } = draw(names, EDGES);
  assert.deepEqual([...bends.keys()].sort(), ["1", "2"]);
  assert.equal(places.size, names.length);
  const all = [...places];
  for (const [name, place] of all) {
    for (const [other, beside] of all) {
      const apart = Math.abs(place.x - beside.x) >= WIDTH || Math.abs(place.y - beside.y) >= HEIGHT;
      assert.ok(name === other || apart, `${name} lies on ${other}`);
    }
  }
  const bottom = Math.max(...["person", "company", "activity"].map((name) => places.get(name)?.y ?? 0));
  assert.ok((places.get("note")?.y ?? 0) >= bottom + HEIGHT);
});

test("ranks leave room for the labels between them", () => {
  const gap = (label: string) => {
    const { places } = draw(["person", "company"], [{ id: "1", source: "person", target: "company", label }]);
    return (places.get("company")?.x ?? 0) - (places.get("person")?.x ?? 0) - WIDTH;
  };
  const long = "The company that the person works for";
  assert.ok(gap(long) > long.length * 6);
  assert.ok(gap("By") < gap(long));
});

test("an object that is related to itself alone is placed, too, and nothing is drawn for none", () => {
  assert.equal(draw(["company"], EDGES).places.size, 1);
  assert.equal(draw([], EDGES).places.size, 0);
});

test("a path goes from the first point to the last", () => {
  const path = pathOf([
    { x: 0, y: 0 },
    { x: 10, y: 20 },
    { x: 20, y: 0 },
  ]);
  assert.equal(path, "M 0 0 Q 10 20 15 10 L 20 0");
  assert.equal(pathOf([{ x: 0, y: 0 }]), "");
});
