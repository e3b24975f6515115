// Paying, as far as it is pure: how somebody came, how much time a payment needs, what a buyer may be called.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { isRefresh, onArrival } from "../../../frontend/static/frontend/js/pay/model/arrival.js";
import { complaints, tidy } from "../../../frontend/static/frontend/js/pay/model/buyer.js";
import { reasonClosed, timeoutSeconds } from "../../../frontend/static/frontend/js/pay/model/safely.js";
import { failed, notOpened } from "../../../frontend/static/frontend/js/pay/model/sayings.js";

const SEEN = { asleep: false };
const visit = (changes) => ({ type: "reload", wasDiscarded: false, mark: SEEN, policy: "cancel", ...changes });

describe("a refresh", () => {
  it("is a reload of what this tab has shown", () => {
    assert.equal(isRefresh(visit({})), true);
  });

  it("is nothing else", () => {
    for (const type of ["navigate", "back_forward", "prerender", undefined]) assert.equal(isRefresh(visit({ type })), false);
    assert.equal(isRefresh(visit({ mark: null })), false);
    assert.equal(isRefresh(visit({ wasDiscarded: true })), false);
    assert.equal(isRefresh(visit({ mark: { asleep: true } })), false);
  });

  it("cancels, or not, as the house likes", () => {
    assert.equal(onArrival(visit({})), "cancel");
    assert.equal(onArrival(visit({ policy: "resume" })), "pay");
  });

  it("follows that also while an attempt may be under way", () => {
    const mark = { ...SEEN, paying: true };
    assert.equal(onArrival(visit({ mark })), "cancel");
    assert.equal(onArrival(visit({ mark, policy: "resume" })), "check");
  });

  it("never throws a proof of payment away", () => {
    assert.equal(onArrival(visit({ mark: { ...SEEN, paying: true, handed: {} } })), "verify");
  });
});

describe("a tab that comes back by itself", () => {
  it("checks what it had begun before asking for money", () => {
    const mark = { asleep: true, paying: true };
    assert.equal(onArrival(visit({ mark })), "check");
    assert.equal(onArrival(visit({ mark: { paying: true }, wasDiscarded: true })), "check");
    assert.equal(onArrival(visit({ mark: { paying: true }, type: "back_forward" })), "check");
  });
});

describe("the time to pay", () => {
  const TEN_MINUTES = 600_000;
  const TO_WATCH = 20_000;

  it("ends 15 seconds before the hold", () => {
    assert.equal(timeoutSeconds(600_000, TEN_MINUTES), 585);
    assert.equal(timeoutSeconds(20_000, TEN_MINUTES), 5);
  });

  it("is not begun when it is too short", () => {
    assert.equal(timeoutSeconds(19_999, TEN_MINUTES), 0);
    assert.equal(timeoutSeconds(0, TEN_MINUTES), 0);
  });

  it("is most of a hold that was made short", () => {
    assert.equal(timeoutSeconds(18_000, TO_WATCH), 16);
    assert.equal(timeoutSeconds(4_000, TO_WATCH), 2);
    assert.equal(timeoutSeconds(3_999, TO_WATCH), 0);
    assert.equal(timeoutSeconds(0, TO_WATCH), 0);
  });

  it("tells a window that timed out from one that was closed", () => {
    assert.equal(reasonClosed(15_400, TEN_MINUTES), "timer");
    assert.equal(reasonClosed(0, TEN_MINUTES), "timer");
    assert.equal(reasonClosed(300_000, TEN_MINUTES), "dismiss");
    assert.equal(reasonClosed(15_400, TO_WATCH), "dismiss");
    assert.equal(reasonClosed(2_400, TO_WATCH), "timer");
  });
});

describe("a buyer", () => {
  const asha = { name: "Asha Rao", email: "asha@example.org", phone: "" };
  const wrong = (changes) => Object.keys(complaints({ ...asha, ...changes })).filter((name) => complaints({ ...asha, ...changes })[name]);

  it("needs a name and an address, and no phone", () => {
    assert.deepEqual(wrong({}), []);
    assert.deepEqual(wrong({ name: "", email: "" }), ["name", "email"]);
    assert.deepEqual(wrong({ phone: "+91 98765-43210" }), []);
  });

  it("is corrected as the server would", () => {
    for (const email of ["asha", "asha@", "asha@home", "a b@c.d", "@c.d"]) assert.deepEqual(wrong({ email }), ["email"]);
    for (const phone of ["123", "call me", "+", "12345678901234567890123"]) assert.deepEqual(wrong({ phone }), ["phone"]);
    assert.deepEqual(wrong({ name: "x".repeat(101) }), ["name"]);
  });

  it("is told without an empty phone", () => {
    assert.deepEqual(tidy({ name: " Asha ", email: "a@b.c ", phone: " " }), { name: "Asha", email: "a@b.c" });
  });
});

describe("what is said", () => {
  it("of a failure names the time that the seats stay, and Razorpay's reason", () => {
    const words = failed({ description: "Declined." }, 300_000);
    assert.match(words, /stay held for 5 minutes/);
    assert.match(words, /Razorpay says: “Declined\.”/);
    assert.doesNotMatch(failed(undefined, 300_000), /undefined/);
  });

  it("of a payment that cannot be opened has no code in it", () => {
    for (const code of ["not_ready", "rate_limited", "checkout_in_progress", "outcome_unknown", "internal", undefined]) {
      const words = notOpened({ code }, 60_000);
      assert.match(words, /Nothing was charged\. Your seats stay held/);
      assert.doesNotMatch(words, /undefined|_/);
    }
  });
});
