import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { NO_HOLD, holdFrom, holdWithout, milestonePassed, remainingMs, whatBecame } from "../../../frontend/static/frontend/js/model/hold.js";
import { again, ask, noRequests, overdue, seatsAsked, settle } from "../../../frontend/static/frontend/js/model/requests.js";
import { mapFrom } from "../../../frontend/static/frontend/js/model/seatMap.js";
import { seatState, tally } from "../../../frontend/static/frontend/js/model/seatState.js";
import { snapshot } from "./support.js";

const MINE = { booking: "b", status: "pending", seats: ["A1", "A2"], expires_ms: 10_000, amount_paise: 64_000 };

describe("a hold", () => {
  it("is what the server last said of it", () => {
    assert.deepEqual(holdFrom(MINE).seats, ["A1", "A2"]);
    assert.equal(holdFrom(null), NO_HOLD);
    assert.equal(holdFrom({ ...MINE, status: undefined }).status, "pending");
  });

  it("without a seat costs less, without all is none", () => {
    const one = holdWithout(holdFrom(MINE), ["A1"], () => 32_000);
    assert.deepEqual([one.seats, one.amountPaise], [["A2"], 32_000]);
    assert.equal(holdWithout(one, ["A2"], () => 32_000), NO_HOLD);
    assert.equal(holdWithout(one, ["Z9"], () => 1), one);
  });

  it("has time left until its deadline and never less than none", () => {
    assert.equal(remainingMs(holdFrom(MINE), 4000), 6000);
    assert.equal(remainingMs(holdFrom(MINE), 99_000), 0);
    assert.equal(remainingMs(NO_HOLD, 0), 0);
  });

  it("that is gone ended, was released, or was let go elsewhere", () => {
    const before = holdFrom(MINE);
    assert.equal(whatBecame(before, NO_HOLD, { nowMs: 9900, releasing: false }), "ended");
    assert.equal(whatBecame(before, NO_HOLD, { nowMs: 5000, releasing: true }), "released");
    assert.equal(whatBecame(before, NO_HOLD, { nowMs: 5000, releasing: false }), "elsewhere");
    assert.equal(whatBecame(before, holdFrom({ ...MINE, seats: ["A1"] }), { nowMs: 5000, releasing: false }), "kept");
    assert.equal(whatBecame(NO_HOLD, NO_HOLD, { nowMs: 0, releasing: false }), "kept");
  });

  it("that is booked was not lost", () => {
    assert.equal(whatBecame(holdFrom({ ...MINE, status: "confirmed" }), NO_HOLD, { nowMs: 5000, releasing: false }), "kept");
  });

  it("says its time at 10, 5, 2 and 1 minutes and at 30 s, each once", () => {
    assert.equal(milestonePassed(600_500, 599_500), 600);
    assert.equal(milestonePassed(599_500, 598_500), null);
    assert.deepEqual([300_400, 120_400, 60_400, 30_400].map((at) => milestonePassed(at, at - 1000)), [300, 120, 60, 30]);
  });

  it("says no milestone when it is let go or over", () => {
    assert.equal(milestonePassed(599_000, 0), null);
  });

  it("says only the last milestone after a sleep over several", () => {
    assert.equal(milestonePassed(500_000, 50_000), 60);
  });
});

describe("requests", () => {
  it("keep their id and key when they are asked again", () => {
    const asked = ask(noRequests(), { type: "hold", seats: ["A1"] }, { nowMs: 0, key: "k" });
    const second = again(asked.requests, "1");

    assert.deepEqual(second.request.frame, { type: "hold", seats: ["A1"], idempotency_key: "k", id: "1" });
    assert.deepEqual(second.request.frame, asked.request.frame);
  });

  it("are tried three times at most", () => {
    const { requests } = ask(noRequests(), { type: "hold", seats: ["A1"] }, { nowMs: 0, key: "k" });
    const third = again(again(requests, "1").requests, "1");

    assert.equal(third.request.tries, 3);
    assert.equal(again(third.requests, "1").request, undefined);
    assert.equal(again(requests, "9").request, undefined);
  });

  it("to release carry no key: releasing twice is releasing once", () => {
    const { request } = ask(noRequests(), { type: "release", seats: ["A1"] }, { nowMs: 0, key: "k" });
    assert.equal("idempotency_key" in request.frame, false);
  });

  it("are settled by their own id only", () => {
    const first = ask(noRequests(), { type: "hold", seats: ["A1"] }, { nowMs: 0, key: "k" }).requests;
    const both = ask(first, { type: "hold", seats: ["A2"] }, { nowMs: 0, key: "l" }).requests;

    assert.deepEqual(seatsAsked(both, "hold"), ["A1", "A2"]);
    assert.deepEqual(seatsAsked(settle(both, "1").requests, "hold"), ["A2"]);
    assert.equal(settle(both, "9").request, undefined);
  });

  it("are overdue when nobody answers", () => {
    const { requests } = ask(noRequests(), { type: "hold", seats: ["A1"] }, { nowMs: 0, key: "k" });
    assert.equal(overdue(requests, 7999).length, 0);
    assert.equal(overdue(requests, 8000).length, 1);
  });
});

describe("what a seat is to me", () => {
  const map = mapFrom(snapshot("AHBX", { holds: { 1: 10_000 } }));
  const know = (part = {}) => ({ map, hold: NO_HOLD, asked: new Set(), leaving: new Map(), ...part });

  it("is the map's state by default", () => {
    assert.deepEqual([0, 1, 2, 3].map((at) => seatState(know(), at, `A${at + 1}`)), ["available", "held", "booked", "blocked"]);
  });

  it("is mine as soon as I am told, before the map shows it", () => {
    assert.equal(seatState(know({ hold: holdFrom(MINE) }), 0, "A1"), "mine");
  });

  it("is pending while I am asking, never mine", () => {
    assert.equal(seatState(know({ asked: new Set(["A1"]) }), 0, "A1"), "pending");
  });

  it("is nobody else's hold while my own release is still on its way to the map", () => {
    assert.equal(seatState(know({ leaving: new Map([["A2", 10_000]]) }), 1, "A2"), "pending");
    assert.equal(seatState(know({ leaving: new Map([["A2", 9000]]) }), 1, "A2"), "held");
  });

  it("is booked once my booking is confirmed", () => {
    assert.equal(seatState(know({ hold: holdFrom({ ...MINE, status: "confirmed" }) }), 1, "A2"), "booked");
  });

  it("counts free and held seats", () => {
    assert.deepEqual(tally(map), { free: 1, held: 1 });
  });
});
