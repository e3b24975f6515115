// What an usher is told for each answer, and which of two counts holds.

import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { answered, askAbout } from "../../../frontend/static/frontend/js/door/model/scans.js";
import { SIGNS, laterCounts, verdictOf } from "../../../frontend/static/frontend/js/door/model/verdicts.js";

const AT = 1763760000000;
const refused = (code) => ({ status: 409, body: { code, detail: "Why.", seat: "A1" } });

describe("a verdict", () => {
  it("lets in whom the house lets in", () => {
    const verdict = verdictOf({ status: 200, body: { seat: "A1" } });
    assert.deepEqual(verdict, { kind: "in", word: "Let in", words: "Seat A1", seat: "A1" });
  });

  it("says no, with a word and the house's reason, to every refusal at a door", () => {
    const codes = ["already_admitted", "wrong_show", "cancelled", "refunded", "replaced", "too_early", "show_over", "forged"];
    const verdicts = codes.map((code) => verdictOf(refused(code)));
    verdicts.push(verdictOf({ status: 404, body: { code: "not_found", detail: "Why." } }));
    assert.ok(verdicts.every(({ kind, words }) => kind === "no" && words === "Why."));
    assert.equal(new Set(verdicts.map(({ word }) => word)).size, verdicts.length);
  });

  it("never lets in when nothing is known", () => {
    const replies = [{ status: 0, body: {} }, { status: 401, body: {} }, { status: 429, body: { detail: "Slow." } }, { status: 500, body: {} }];
    assert.ok(replies.every((reply) => verdictOf(reply).kind === "again"));
  });

  it("has a shape of its own for each kind", () => {
    assert.equal(new Set(Object.values(SIGNS)).size, 4);
  });
});

describe("a scan that got no answer", () => {
  const scan = { code: "K7MQ3XPD", gate: "2" };
  const first = askAbout([], scan, "first");

  it("keeps its key until it is answered", () => {
    const again = askAbout(first.scans, scan, "second");
    assert.equal(again.key, "first");
    assert.deepEqual(answered(again.scans, scan), []);
    assert.equal(askAbout([], scan, "second").key, "second");
  });

  it("shares its key with no other code, and no other gate", () => {
    assert.equal(askAbout(first.scans, { ...scan, code: "K7MQ3XPF" }, "second").key, "second");
    const elsewhere = askAbout(first.scans, { ...scan, gate: "3" }, "second");
    assert.equal(elsewhere.key, "second");
    assert.equal(askAbout(answered(elsewhere.scans, { ...scan, gate: "3" }), scan, "third").key, "first");
  });

  it("is forgotten when a hundred came after it", () => {
    let { scans } = first;
    for (let number = 0; number < 100; number += 1) ({ scans } = askAbout(scans, { ...scan, code: `${number}` }, `${number}`));
    assert.equal(scans.length, 100);
    assert.equal(askAbout(scans, scan, "second").key, "second");
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
