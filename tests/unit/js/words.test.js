import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { rupees } from "../../../frontend/static/frontend/js/model/money.js";
import { countdown, expiring, full, gone, held, list, noAnswer, refusal, span, stateWords, taken } from "../../../frontend/static/frontend/js/model/words.js";

describe("words", () => {
  it("name the seats that are gone and the ones that are free", () => {
    assert.equal(taken(["F7"], { beside: ["F8", "F9"], near: [] }), "F7 was taken a second ago. F8 and F9 are free beside it.");
    assert.equal(taken(["F7", "F8"], { beside: [], near: ["E7"] }), "F7 and F8 were taken a second ago. E7 is free close by.");
  });

  it("count a list as people do", () => {
    assert.equal(list(["A1"]), "A1");
    assert.equal(list(["A1", "A2", "A3"]), "A1, A2 and A3");
  });

  it("count down so that 0:00 means over", () => {
    assert.equal(countdown(581_000), "9:41");
    assert.equal(countdown(600_000), "10:00");
    assert.equal(countdown(1), "0:01");
    assert.equal(countdown(0), "0:00");
  });

  it("say spans in minutes, and below one in seconds", () => {
    assert.deepEqual([600_000, 60_000, 30_000, 1000].map(span), ["10 minutes", "1 minute", "30 seconds", "1 second"]);
  });

  it("write money as it is written in India", () => {
    assert.equal(rupees(125_000), "₹1,250");
    assert.equal(rupees(12_500_000), "₹1,25,000");
    assert.equal(rupees(9_950), "₹99.50");
  });

  it("tell what was held, why, and for how much", () => {
    const whole = { count: 2, price: "₹640", leftMs: 600_000 };
    assert.equal(held(["F7", "F8"], whole), "F7 and F8 held for you. ₹640, 10 minutes left.");
    assert.equal(held(["F8"], whole), "F8 held for you. 2 seats, ₹640, 10 minutes left.");
  });

  it("name seats that were chosen for you once, as the reason names them", () => {
    const reason = "F7, F8: together, among the best places still free.";
    const words = held(["F7", "F8"], { reason, count: 2, price: "₹640", leftMs: 600_000 });
    assert.equal(words, `Held for you. ${reason} ₹640, 10 minutes left.`);
  });

  it("tell an ended hold from one that was let go elsewhere", () => {
    assert.equal(gone("ended", ["F7"]).long, "The time to pay is over. F7 went back on sale. If nobody takes it first, you can hold it again.");
    assert.match(gone("elsewhere", ["F7", "F8"]).long, /^F7 and F8 went back on sale\. That was asked for in another window/);
    assert.notEqual(gone("ended", ["F7"]).title, gone("elsewhere", ["F7"]).title);
  });

  it("say in the last minute what to do", () => {
    assert.equal(expiring(["F7"], 60_000), "1 minute left for F7. Go to payment to keep it.");
  });

  it("promise nothing when no answer came", () => {
    assert.match(noAnswer(["F7"]), /^No answer about F7 yet\./);
    assert.match(noAnswer(undefined), /^No answer yet\./);
  });

  it("tell a full house that may still open from one that is sold", () => {
    assert.match(full(3), /3 are only held/);
    assert.match(full(1), /1 is only held/);
    assert.match(full(0), /^Every seat is sold/);
  });

  it("name a state with the time that is left of it", () => {
    assert.equal(stateWords("held", 192_000), "held by someone for 3:12 more");
    assert.equal(stateWords("held", 0), "held by someone, about to end");
    assert.equal(stateWords("available", 0), "available");
  });
});

describe("refusals", () => {
  const CODES = [
    "bad_request", "identity_required", "not_found", "seats_unavailable", "hold_expired", "checkout_started", "checkout_in_progress",
    "sales_closed", "booking_confirmed", "in_progress", "unknown_seat", "duplicate_seats", "too_many_seats", "idempotency_mismatch",
    "rate_limited", "not_ready", "outcome_unknown",
  ];
  const context = { seats: ["F7"], neighbours: { beside: ["F8"], near: [] }, seatsMax: 10, waitMs: 90_000, detail: "" };

  it("have kind words for every code of the contract, and never the code itself", () => {
    for (const code of CODES) {
      const words = refusal(code, context);
      assert.match(words, /^[A-Z].*[.]$/, code);
      assert.doesNotMatch(words, /_|error|\b4\d\d\b/i, code);
    }
  });

  it("say how long to wait", () => {
    assert.match(refusal("rate_limited", context), /in 2 minutes\.$/);
    assert.equal(refusal("rate_limited", { ...context, waitMs: 300 }), "A little too fast. Try that again.");
  });

  it("say how many seats one person can hold", () => {
    assert.match(refusal("too_many_seats", context), /10 seats/);
  });

  it("tell when no seats are left at all", () => {
    assert.match(refusal("seats_unavailable", { ...context, seats: [] }), /Try fewer/);
  });

  it("use the server's own words for codes of tomorrow", () => {
    assert.equal(refusal("something_new", { ...context, detail: "The house is dark." }), "The house is dark.");
  });
});
