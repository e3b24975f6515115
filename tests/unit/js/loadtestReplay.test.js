// The replay of the load test's report: any moment is what the changes up to it make of the start.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { beside, rowsOf } from "../../../realtime/loadtest/page/js/grid.js";
import { nearest } from "../../../realtime/loadtest/page/js/readings.js";
import { area } from "../../../realtime/loadtest/page/js/strip.js";
import { countOf, LETTERS, Timeline } from "../../../realtime/loadtest/page/js/timeline.js";
import { clock, lasting } from "../../../realtime/loadtest/page/js/words.js";
import { drawn } from "./support.js";

const SMALL = {
  start: "AABX",
  length_ms: 1000,
  changes: [[100, 5, [[0, "H"]]], [100, 6, [[1, "H"]]], [250, 9, [[0, "A"], [1, "B"]]], [900, 10, [[3, "A"]]]],
};
const words = (states) => [...states].map((state) => LETTERS[state]).join("");
const at = (timeline, ms) => words(timeline.statesAfter(timeline.framesAt(ms)));

/** Numbers that look random and are the same each time. */
function chance(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function storm(seats, frames) {
  const pick = chance(7);
  const start = Array.from({ length: seats }, () => "AHBX"[pick(4)]).join("");
  let ms = 0;
  const changes = Array.from({ length: frames }, (_, frame) => {
    ms += pick(3);
    return [ms, frame + 41, Array.from({ length: 1 + pick(9) }, () => [pick(seats), "AHBX?"[pick(5)]])];
  });
  return { start, changes, length_ms: ms + 100 };
}

function folded({ start, changes }, ms) {
  const states = [...start];
  for (const [when, , seats] of changes) if (when <= ms) for (const [seat, letter] of seats) states[seat] = letter;
  return states.join("");
}

describe("a moment", () => {
  it("has the changes of that very moment, and not those after", () => {
    const timeline = new Timeline(SMALL);
    assert.deepEqual([0, 99, 100, 249, 250, 899, 900, 1000].map((ms) => at(timeline, ms)), ["AABX", "AABX", "HHBX", "HHBX", "ABBX", "ABBX", "ABBA", "ABBA"]);
  });

  it("has the version of its last change", () => {
    const timeline = new Timeline(SMALL);
    assert.deepEqual([0, 100, 899].map((ms) => timeline.versionAfter(timeline.framesAt(ms))), [null, 6, 9]);
  });

  it("is the same from a keyframe as from the start, wherever one jumps", () => {
    const replay = storm(60, 5000);
    const timeline = new Timeline(replay);
    const pick = chance(3);
    for (let jump = 0; jump < 300; jump += 1) {
      const ms = pick(replay.length_ms);
      assert.equal(at(timeline, ms), folded(replay, ms), `at ${ms}`);
    }
    for (const ms of [0, replay.length_ms]) assert.equal(at(timeline, ms), folded(replay, ms));
  });

  it("is the start when nothing ever changed", () => {
    const timeline = new Timeline({ start: "AB", changes: [], length_ms: 10 });
    assert.equal(at(timeline, 10), "AB");
    assert.equal(timeline.momentBeside(5, 1), null);
    assert.equal(timeline.momentBeside(5, -1), 0);
  });
});

describe("steps", () => {
  const timeline = new Timeline(SMALL);
  const walk = (from, direction) => {
    const moments = [];
    for (let ms = timeline.momentBeside(from, direction); ms !== null; ms = timeline.momentBeside(ms, direction)) moments.push(ms);
    return moments;
  };

  it("lead through every moment with a change, forwards", () => assert.deepEqual(walk(0, 1), [100, 250, 900]));
  it("and backwards to the start", () => assert.deepEqual(walk(1000, -1), [900, 250, 100, 0]));
  it("from between two to either side", () => {
    assert.equal(timeline.momentBeside(300, 1), 900);
    assert.equal(timeline.momentBeside(300, -1), 250);
  });
});

describe("a seat's history", () => {
  it("begins with its start and has each change", () => {
    const history = new Timeline(SMALL).historyOf(1);
    assert.deepEqual(history.map(({ ms, version, letter }) => [ms, version, letter]), [[0, null, "A"], [100, 6, "H"], [250, 9, "B"]]);
  });
});

describe("counts over time", () => {
  it("are those of the states at each sample", () => {
    const replay = storm(40, 700);
    const timeline = new Timeline(replay);
    timeline.countsOver(11).forEach((counts, sample) => {
      const frames = timeline.framesAt((replay.length_ms * sample) / 10);
      assert.deepEqual(counts, countOf(timeline.statesAfter(frames)));
    });
  });

  it("become an area that stands on the one below", () => assert.equal(area([0, 1], [2, 3], 4), "M0 50L1000 25L1000 75L0 100Z"));
});

describe("arrow keys on the map", () => {
  const seats = drawn("ss.ss", "sssss", ".s.s.");
  const rows = rowsOf(seats);
  const from = (label, key) => seats[beside(seats, rows, seats.findIndex((seat) => seat.label === label), key)]?.label;

  it("jump aisles and stop at edges", () => {
    assert.deepEqual([from("A2", "ArrowRight"), from("A1", "ArrowLeft"), from("A4", "ArrowRight"), from("A1", "ArrowUp")], ["A3", "A1", "A4", "A1"]);
  });

  it("find the nearest seat of the next row", () => assert.deepEqual([from("B1", "ArrowDown"), from("B5", "ArrowDown"), from("B3", "ArrowUp")], ["C1", "C2", "A2"]));
  it("go to the ends of a row, and leave other keys alone", () => assert.deepEqual([from("B3", "Home"), from("B3", "End"), from("B3", "Tab")], ["B1", "B5", undefined]));
});

describe("words", () => {
  it("tell a time into the run", () => assert.deepEqual([clock(0), clock(62_340), clock(3_723_004), clock(62_999, { exactly: false })], ["0:00.000", "1:02.340", "1:02:03.004", "1:02"]));
  it("tell how long something lasted", () => assert.deepEqual([lasting(120), lasting(4230), lasting(62_000)], ["120 ms", "4.2 s", "1:02 min"]));
  it("find the row under the pointer", () => assert.deepEqual([0, 2.4, 2.6, 9].map((time) => nearest([0, 1, 2, 3], time)), [0, 2, 3, 3]));
});
