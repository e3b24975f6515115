// Which seats staff choose on their map, and what they are told of it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { gridOf } from "../../../frontend/static/frontend/js/model/grid.js";
import { labelsIn, span, tallied } from "../../../frontend/static/frontend/js/staff/choice.js";

// Two rows of four with an aisle.
const GRID = gridOf([0, 1].flatMap((y) => [0, 1, 3, 4].map((x) => ({ x, y }))));

describe("a choice of seats", () => {
  it("is read from what was typed, each seat once", () => {
    assert.deepEqual(labelsIn("a1, A2;c7  a1"), ["A1", "A2", "C7"]);
    assert.deepEqual(labelsIn(" , "), []);
  });

  it("spans a row from either end, over the aisle", () => {
    assert.deepEqual(span(GRID, 0, 3), [0, 1, 2, 3]);
    assert.deepEqual(span(GRID, 7, 5), [5, 6, 7]);
    assert.deepEqual(span(GRID, 2, 2), [2]);
  });

  it("is one seat where the other is in another row", () => {
    assert.deepEqual(span(GRID, 1, 6), [6]);
  });

  it("says what can be done with it", () => {
    assert.equal(tallied([]), "No seat chosen.");
    assert.equal(tallied(["available", "blocked", "available"]), "3 seats chosen: 2 on sale, 1 off sale.");
    assert.equal(tallied(["held"]), "1 seat chosen: none can change now.");
  });
});
