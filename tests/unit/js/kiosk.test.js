// What screens show and when, moved by plain data: no page, no clock of the machine, no socket.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

const at = (path) => import(new URL(`../../../frontend/static/frontend/js/kiosk/${path}`, import.meta.url));
const { emptyBoard, fold, newlyFull } = await at("model/board.js");
const { STAYS_MS, PAGE_MS, atDoor, listed, pageAt, pageOf } = await at("model/listing.js");
const { clockOf, dateOf, dayOf, isNight, left } = await at("model/time.js");
const { ageOf } = await at("model/age.js");
const { returnsIn, shiftAt, STEP_MS } = await at("model/rest.js");
const { bulbsOf, wordsOf } = await at("model/words.js");

const ZONE = "Asia/Kolkata";
// 20:00 in Pune.
const EVENING_MS = Date.parse("2026-11-29T14:30:00Z");
const HOUR_MS = 3_600_000;

function show(id, { inMs = HOUR_MS, status = "open", screen = "Audi 1", ...fields } = {}) {
  const startsAt = new Date(EVENING_MS + inMs).toISOString();
  const endsAt = new Date(EVENING_MS + inMs + 2 * HOUR_MS).toISOString();
  return { id, movie: `Movie ${id}`, screen, starts_at: startsAt, ends_at: endsAt, available: 9, status, ...fields };
}

const boardOf = (...shows) => fold(emptyBoard(), { type: "board", server_ms: 1, theatre: {}, shows });
const idsOf = (entries) => entries.map((entry) => entry.show.id);
const look = (nowMs = EVENING_MS, rows = 5) => ({ nowMs, zone: ZONE, rows });

describe("a board", () => {
  it("is replaced by a board and changed by changes, whole entry by whole entry", () => {
    const before = boardOf(show(1), show(2));
    const after = fold(before, { type: "board.changes", server_ms: 2, shows: [show(2, { available: 3 })] });

    assert.deepEqual(after.shows.map(({ id, available }) => [id, available]), [[1, 9], [2, 3]]);
    assert.deepEqual(fold(after, { type: "board", server_ms: 3, theatre: {}, shows: [show(3)] }).shows.length, 1);
  });

  it("knows nothing from changes before the first board, and nothing of shows that are not on it", () => {
    assert.equal(fold(emptyBoard(), { type: "board.changes", shows: [show(1)] }).isKnown, false);
    const before = boardOf(show(1));
    assert.deepEqual(fold(before, { type: "board.changes", shows: [show(7)] }).shows.map(({ id }) => id), [1]);
  });

  it("is not touched by a heartbeat or by what a newer server may say", () => {
    const before = boardOf(show(1));
    assert.equal(fold(before, { type: "board.changes", shows: [] }), before);
    assert.equal(fold(before, { type: "fireworks" }), before);
  });

  it("is as large after a hundred thousand changes as before", () => {
    let board = boardOf(show(1), show(2), show(3));
    for (let n = 0; n < 100_000; n += 1) {
      board = fold(board, { type: "board.changes", shows: [show((n % 4) + 1, { available: n })] });
    }
    assert.equal(board.shows.length, 3);
    assert.ok(JSON.stringify(board).length < 1500);
  });

  it("notices which shows have sold out before its eyes, and not those it finds so", () => {
    const before = boardOf(show(1), show(2, { status: "housefull" }));
    const after = boardOf(show(1, { status: "housefull" }), show(2, { status: "housefull" }), show(3, { status: "housefull" }));
    assert.deepEqual(newlyFull(before, after), [1]);
  });
});

describe("the list", () => {
  it("keeps a show that has begun for late comers, and no longer", () => {
    const board = boardOf(show(1, { inMs: -STAYS_MS + 1 }), show(2, { inMs: -STAYS_MS }), show(3));
    assert.deepEqual(idsOf(listed(board, look())), [1, 3]);
    assert.deepEqual(listed(board, look()).map(({ isStarted }) => isStarted), [true, false]);
  });

  it("fills rows that are left with tomorrow's shows, and never a page of its own", () => {
    const tomorrow = [8, 9, 10].map((n) => show(n, { inMs: n * 2 * HOUR_MS }));
    const board = boardOf(show(1), show(2), ...tomorrow);
    assert.deepEqual(idsOf(listed(board, look(EVENING_MS, 3))), [1, 2, 8]);
    assert.deepEqual(idsOf(listed(board, look(EVENING_MS, 2))), [1, 2]);
    assert.equal(listed(board, look(EVENING_MS, 3)).at(-1).isTomorrow, true);
  });

  it("is tomorrow's when nothing is left today, and today's after midnight", () => {
    const board = boardOf(show(1, { inMs: -4 * HOUR_MS }), show(2, { inMs: 10 * HOUR_MS }));
    assert.deepEqual(listed(board, look()).map(({ isTomorrow }) => isTomorrow), [true]);
    const afterMidnight = EVENING_MS + 5 * HOUR_MS;
    assert.deepEqual(listed(board, look(afterMidnight)).map(({ isTomorrow }) => isTomorrow), [false]);
  });

  it("keeps a show that began before midnight for late comers, as one of today's", () => {
    const midnight = EVENING_MS + 4 * HOUR_MS;
    const board = boardOf(show(1, { inMs: 4 * HOUR_MS - 10 * 60_000 }), show(2, { inMs: 14 * HOUR_MS }));
    const entries = listed(board, look(midnight));
    assert.deepEqual(idsOf(entries), [1, 2]);
    assert.deepEqual(entries.map(({ isTomorrow }) => isTomorrow), [false, false]);
    assert.deepEqual(idsOf(listed(board, look(midnight + 5 * 60_000))), [2]);
  });

  it("turns its pages by the server's clock, the same on every board of a lobby", () => {
    assert.deepEqual([0, 1, 2, 3].map((n) => pageAt(n * PAGE_MS, 3)), [0, 1, 2, 0]);
    assert.equal(pageAt(5 * PAGE_MS, 1), 0);
    assert.deepEqual(pageOf([1, 2, 3, 4, 5, 6, 7], 1, 3), [4, 5, 6]);
  });
});

describe("a door", () => {
  it("is about the first show on its screen that has not run for long", () => {
    const board = boardOf(show(1, { inMs: -30 * 60_000 }), show(2, { screen: "Audi 2" }), show(3), show(4, { inMs: 3 * HOUR_MS }));
    assert.equal(atDoor(board, { nowMs: EVENING_MS, screen: "Audi 1" }).id, 3);
    assert.equal(atDoor(board, { nowMs: EVENING_MS + HOUR_MS + 21 * 60_000, screen: "Audi 1" }).id, 4);
    assert.equal(atDoor(board, { nowMs: EVENING_MS, screen: "Audi 9" }), null);
  });
});

describe("time on a board", () => {
  it("is the theatre's, whatever the zone of the player", () => {
    assert.deepEqual(clockOf(EVENING_MS, ZONE), { time: "8:00", half: "pm" });
    assert.deepEqual(clockOf(EVENING_MS, "Europe/London"), { time: "2:30", half: "pm" });
    assert.equal(dayOf(EVENING_MS + 4 * HOUR_MS - 1, ZONE), "2026-11-29");
    assert.equal(dayOf(EVENING_MS + 4 * HOUR_MS, ZONE), "2026-11-30");
    assert.match(dateOf(EVENING_MS, ZONE, "en"), /Sunday/);
    assert.match(dateOf(EVENING_MS, ZONE, "hi"), /रविवार/);
  });

  it("counts down in whole minutes until the last one", () => {
    assert.deepEqual(left(95 * 60_000), { hours: 1, minutes: 35, seconds: 0 });
    assert.deepEqual(left(60_001), { hours: 0, minutes: 2, seconds: 0 });
    assert.deepEqual(left(59_001), { hours: 0, minutes: 1, seconds: 0 });
    assert.deepEqual(left(59_000), { hours: 0, minutes: 0, seconds: 59 });
    assert.deepEqual(left(-5), { hours: 0, minutes: 0, seconds: 0 });
  });

  it("has nights that pass midnight, and some that do not", () => {
    const late = { from: "23:30", to: "07:00" };
    const hour = (utc) => Date.parse(`2026-11-29T${utc}:00Z`);
    assert.deepEqual(["17:59", "18:00", "01:29", "01:30"].map((utc) => isNight(hour(utc), ZONE, late)), [false, true, true, false]);
    assert.equal(isNight(hour("08:30"), ZONE, { from: "13:00", to: "15:00" }), true);
    assert.equal(isNight(hour("08:30"), ZONE, null), false);
  });

  it("is old when the server has not confirmed it for more than ten seconds", () => {
    assert.deepEqual(ageOf(1000, 11_000), { ms: 10_000, isLoud: false });
    assert.deepEqual(ageOf(1000, 11_001), { ms: 10_001, isLoud: true });
    assert.deepEqual(ageOf(NaN, 11_001), { ms: NaN, isLoud: false });
  });
});

describe("a screen that hangs for months", () => {
  it("moves a little every minute, and stays within its margin", () => {
    const places = Array.from({ length: 64 }, (_, n) => shiftAt(n * STEP_MS));
    assert.ok(new Set(places.map(({ x, y }) => `${x} ${y}`)).size > 50);
    for (const { x, y } of places) assert.ok(Math.abs(x) <= 0.8 && Math.abs(y) <= 0.8);
    assert.deepEqual(shiftAt(64 * STEP_MS), shiftAt(0));
  });

  it("comes back every half to whole second, however often it failed", () => {
    for (const attempt of [0, 5, 100_000]) {
      assert.equal(returnsIn(attempt, 0), 500);
      assert.ok(returnsIn(attempt, 0.999) < 1000);
    }
  });

  it("says the same things in both languages", () => {
    assert.deepEqual(Object.keys(wordsOf("hi")), Object.keys(wordsOf("en")));
    assert.equal(wordsOf("en").in(left(95 * 60_000)), "in 1 h 35 min");
    assert.equal(wordsOf("en").span(left(95 * 60_000)), "1 h 35 min");
    assert.equal(wordsOf("hi").span(left(95 * 60_000)), "1 घं 35 मि");
    assert.equal(wordsOf("hi").in(left(120 * 60_000)), "2 घं में");
    assert.equal(wordsOf("hi").in(left(0)), "अभी");
    assert.equal(wordsOf("fr"), wordsOf("en"));
  });

  it("lights a word letter by letter, and no sign apart from its letter", () => {
    assert.equal(bulbsOf("HOUSEFULL").length, 9);
    assert.deepEqual(bulbsOf("हाउसफुल"), ["हा", "उ", "स", "फु", "ल"]);
  });
});
