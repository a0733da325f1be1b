import assert from "node:assert/strict";
import { test } from "node:test";

import { decodePlaces, type Place, patchOf } from "../../api/graph/places.ts";
import { draw, HEIGHT, WIDTH } from "./layout.ts";
import { curveOf, lanesOf, withKept } from "./places.ts";

const EDGES = [
  { id: "1", source: "person", target: "company" },
  { id: "2", source: "activity", target: "person" },
  { id: "3", source: "company", target: "company" },
  { id: "4", source: "company", target: "person" },
];
const NAMES = ["person", "company", "activity", "note"];

test("a member of the preferences that is no pair of numbers is no place", () => {
  const places = { a: [1, -2], b: [1], c: "x", d: null, e: ["1", 2], f: { x: 1 }, far: [1e308, 0], g: [1.5, 2, 3] };
  assert.deepEqual(
    decodePlaces({ "model.layout": places, theme: "dark" }),
    new Map([
      ["a", { x: 1, y: -2 }],
      ["g", { x: 1.5, y: 2 }],
    ]),
  );
  for (const preferences of [null, {}, [], { "model.layout": [] }, { "model.layout": 7 }]) {
    assert.equal(decodePlaces(preferences).size, 0);
  }
});

test("places are kept as whole numbers, and null forgets one", () => {
  const patch = patchOf(
    new Map<string, Place | null>([
      ["a", { x: 1.4, y: -2.6 }],
      ["b", null],
    ]),
  );
  assert.deepEqual(patch, { "model.layout": { a: [1, -3], b: null } });
});

test("without kept places the drawing is as it was", () => {
  const drawing = draw(NAMES, EDGES);
  assert.equal(withKept(drawing, new Map(), EDGES), drawing);
  assert.equal(withKept(drawing, new Map([["gone", { x: 0, y: 0 }]]), EDGES), drawing);
});

test("all others move along with the first object that has a place, and its relations keep their bends", () => {
  const drawing = draw(NAMES, EDGES);
  const at = drawing.places.get("person") as Place;
  const { places, bends } = withKept(drawing, new Map([["person", { x: at.x + 500, y: at.y - 70 }]]), EDGES);
  for (const [name, place] of drawing.places) {
    assert.deepEqual(places.get(name), { x: place.x + 500, y: place.y - 70 });
  }
  assert.deepEqual(
    bends.get("1"),
    drawing.bends.get("1")?.map(({ x, y }) => ({ x: x + 500, y: y - 70 })),
  );
});

test("a kept place moves others out of its way, and the relations of a moved object are drawn plainly", () => {
  const drawing = draw(NAMES, EDGES);
  const company = drawing.places.get("company") as Place;
  const person = drawing.places.get("person") as Place;
  // Person stays where it was drawn; activity is dragged to where company would stand.
  const kept = new Map([
    ["person", person],
    ["activity", company],
  ]);
  const { places, bends } = withKept(drawing, kept, EDGES);
  assert.deepEqual(places.get("activity"), company);
  assert.ok((places.get("company")?.y ?? 0) >= company.y + HEIGHT);
  assert.deepEqual([...bends.keys()], []);
  const all = [...places];
  for (const [name, one] of all) {
    for (const [other, beside] of all) {
      const apart = Math.abs(one.x - beside.x) >= WIDTH || Math.abs(one.y - beside.y) >= HEIGHT;
      assert.ok(name === other || apart, `${name} lies on ${other}`);
    }
  }
});

test("a curve goes between the sides that face each other", () => {
  const from = { x: 0, y: 0 };
  assert.match(curveOf(from, { x: 400, y: 0 }).path, new RegExp(`^M ${WIDTH} 26 .* 400 26$`));
  assert.match(curveOf(from, { x: -400, y: 0 }).path, new RegExp(`^M 0 26 .* ${WIDTH - 400} 26$`));
  assert.match(curveOf(from, { x: 20, y: 300 }).path, /^M 90 52 .* 110 300$/);
  assert.match(curveOf(from, { x: 20, y: -300 }).path, /^M 90 0 .* 110 -248$/);
  assert.match(curveOf(from, from).path, new RegExp(`^M ${WIDTH} 26 .* 135 0$`));
});

test("relations of the same two objects have lanes of their own", () => {
  assert.deepEqual(
    [...lanesOf(EDGES)],
    [
      ["1", 0],
      ["2", 0],
      ["3", 0],
      ["4", 1],
    ],
  );
  const to = { x: 400, y: 0 };
  assert.notEqual(curveOf({ x: 0, y: 0 }, to, 0).middle.y, curveOf({ x: 0, y: 0 }, to, 1).middle.y);
});
