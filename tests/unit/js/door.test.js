// What an usher is told for each answer, and which of two counts holds.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { SIGNS, laterCounts, verdictOf } from "../../../frontend/static/frontend/js/door/model/verdicts.js";

const AT = 1763760000000;
const refused = (code, more = {}) => ({ status: 409, body: { code, detail: "Why.", seat: "A1", ...more } });

describe("a verdict", () => {
  it("lets in whom the house lets in", () => {
    const verdict = verdictOf({ status: 200, body: { seat: "A1" } }, { gate: "2" });
    assert.deepEqual(verdict, { kind: "in", word: "Let in", words: "Seat A1", seat: "A1" });
  });

  it("says no, with a word and the house's reason, to every refusal at a door", () => {
    const codes = ["already_admitted", "wrong_show", "cancelled", "refunded", "replaced", "too_early", "show_over", "forged"];
    const verdicts = [...codes.map((code) => verdictOf(refused(code), { gate: "2" }))];
    verdicts.push(verdictOf({ status: 404, body: { code: "not_found", detail: "Why." } }, { gate: "2" }));
    assert.ok(verdicts.every(({ kind, words }) => kind === "no" && words === "Why."));
    assert.equal(new Set(verdicts.map(({ word }) => word)).size, verdicts.length);
  });

  it("never lets in when nothing is known", () => {
    const replies = [{ status: 0, body: {} }, { status: 401, body: {} }, { status: 429, body: { detail: "Slow." } }, { status: 500, body: {} }];
    assert.ok(replies.every((reply) => verdictOf(reply, { gate: "2", wasLost: true }).kind === "again"));
  });

  it("takes an admission just now at this gate for its own only when its own answer was lost", () => {
    const reply = refused("already_admitted", { gate: "2", admitted_ms: AT, as_of_ms: AT + 900 });
    assert.equal(verdictOf(reply, { gate: "2", wasLost: true }).kind, "in");
    assert.equal(verdictOf(reply, { gate: "2" }).kind, "no");
    assert.equal(verdictOf(reply, { gate: "3", wasLost: true }).kind, "no");
    const longAgo = refused("already_admitted", { gate: "2", admitted_ms: AT, as_of_ms: AT + 60_000 });
    assert.equal(verdictOf(longAgo, { gate: "2", wasLost: true }).kind, "no");
  });

  it("has a shape of its own for each kind", () => {
    assert.equal(new Set(Object.values(SIGNS)).size, 4);
  });
});

describe("the counts of a door", () => {
  it("are those that were counted later, whatever comes first", () => {
    const early = { admitted: 4, expected: 9, as_of_ms: AT };
    const late = { admitted: 5, expected: 9, as_of_ms: AT + 1 };
    assert.deepEqual(laterCounts(early, { ...late, seat: "A1" }), late);
    assert.equal(laterCounts(late, early), late);
  });
});
