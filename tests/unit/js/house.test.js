import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { gridOf, move } from "../../../frontend/static/frontend/js/model/grid.js";
import { describe as describeSeat, houseFrom } from "../../../frontend/static/frontend/js/model/house.js";
import { neighboursOf } from "../../../frontend/static/frontend/js/model/neighbours.js";
import { drawn } from "./support.js";

describe("arrow keys", () => {
  const seats = drawn("ss.ss", "sssss", ".s.s.");
  const grid = gridOf(seats);
  const from = (label, key, options) => seats[move(grid, seats.findIndex((seat) => seat.label === label), key, options)]?.label;

  it("jump aisles", () => {
    assert.equal(from("A2", "ArrowRight"), "A3");
    assert.equal(from("A3", "ArrowLeft"), "A2");
  });

  it("stay at an edge", () => {
    assert.equal(from("A1", "ArrowLeft"), "A1");
    assert.equal(from("A4", "ArrowRight"), "A4");
    assert.equal(from("A1", "ArrowUp"), "A1");
    assert.equal(from("C2", "ArrowDown"), "C2");
  });

  it("find the nearest seat of the next row", () => {
    assert.equal(from("B1", "ArrowDown"), "C1");
    assert.equal(from("B5", "ArrowDown"), "C2");
    assert.equal(from("B3", "ArrowUp"), "A2");
  });

  it("go to the ends of the row and of the screen", () => {
    assert.equal(from("B3", "Home"), "B1");
    assert.equal(from("B3", "End"), "B5");
    assert.equal(from("B3", "Home", { control: true }), "A1");
    assert.equal(from("B3", "End", { control: true }), "C2");
  });

  it("leave other keys alone", () => {
    assert.equal(move(grid, 0, "Tab"), null);
    assert.equal(move(grid, 0, "Enter"), null);
  });

  it("need no seat list in drawing order", () => {
    const mixed = [{ label: "A2", x: 1, y: 0 }, { label: "B1", x: 0, y: 3 }, { label: "A1", x: 0, y: 0 }];
    assert.equal(mixed[move(gridOf(mixed), 2, "ArrowRight")].label, "A2");
    assert.equal(mixed[move(gridOf(mixed), 2, "ArrowDown")].label, "B1");
  });
});

describe("what is offered instead of a lost seat", () => {
  const seats = drawn("ssss.ss", "ssss.ss", "gggg.gg");
  const grid = gridOf(seats);
  const at = (label) => seats.findIndex((seat) => seat.label === label);
  const offer = (label, ...free) => neighboursOf(grid, at(label), (index) => free.includes(seats[index].label));

  it("is beside it, nearest first, in the order of the row", () => {
    assert.deepEqual(offer("A2", "A1", "A3", "A4").beside, ["A1", "A3"]);
    assert.deepEqual(offer("A1", "A2", "A3", "A4").beside, ["A2", "A3"]);
  });

  it("is never across an aisle", () => {
    assert.deepEqual(offer("A4", "A5").beside, []);
  });

  it("is never beyond a seat that is taken", () => {
    assert.deepEqual(offer("A1", "A3", "A4"), { beside: [], near: ["A3", "A4"] });
  });

  it("is close by in the same category when nothing is beside it", () => {
    assert.deepEqual(offer("B2", "A2", "A5", "C2"), { beside: [], near: ["A2"] });
  });

  it("may be nothing", () => {
    assert.deepEqual(offer("A1"), { beside: [], near: [] });
  });
});

describe("the house", () => {
  const data = {
    categories: [{ key: "gold", name: "Gold", price_paise: 32_000 }, { key: "lounge sofa", name: "Lounge sofa", price_paise: 55_000 }],
    kinds: ["recliner", "standard", "wheelchair"],
    seats: [["F7", 3, 5, 1, 0], ["F8", 4, 5, 2, 0], ["G1", 0, 6, 0, 1]],
  };

  it("knows each seat by its label", () => {
    const house = houseFrom(data);
    assert.equal(house.indexOf("G1"), 2);
    assert.equal(house.indexOf("Z1"), undefined);
    assert.equal(house.priceOf("F8"), 32_000);
  });

  it("says what a seat is, and its kind only when it is special", () => {
    const { seats } = houseFrom(data);
    assert.deepEqual(describeSeat(seats[0]), ["F7", "Gold"]);
    assert.deepEqual(describeSeat(seats[1]), ["F8", "Gold", "wheelchair space"]);
    assert.deepEqual(describeSeat({ ...seats[2], kind: "sofa", categoryName: "Sofa for two" }), ["G1", "Sofa for two"]);
  });
});
