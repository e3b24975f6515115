import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { WAIT_MAX_MS, WAIT_MIN_MS, waitMs } from "../../../frontend/static/frontend/js/model/backoff.js";
import { afterSleep, newClock, serverNow, withHint, withSample } from "../../../frontend/static/frontend/js/model/clock.js";

const sample = (sentMs, roundTripMs, serverMs) => ({ sentMs, receivedMs: sentMs + roundTripMs, serverMs });

describe("the clock", () => {
  it("knows nothing before the first sample", () => {
    assert.ok(Number.isNaN(serverNow(newClock(), 0)));
  });

  it("believes the sample with the shortest round trip", () => {
    let clock = withSample(newClock(), sample(0, 400, 1_000_390));
    clock = withSample(clock, sample(1000, 20, 1_001_010));
    clock = withSample(clock, sample(2000, 300, 1_002_290));

    assert.equal(serverNow(clock, 5000), 1_005_000);
  });

  it("forgets old samples, so that drift does not add up", () => {
    let clock = withSample(newClock(), sample(0, 1, 1_000_000));
    for (let at = 1; at <= 8; at += 1) clock = withSample(clock, sample(at * 1000, 50, 1_000_125 + at * 1000));

    assert.equal(serverNow(clock, 0), 1_000_100);
  });

  it("takes a stated time until something is measured", () => {
    let clock = withHint(newClock(), { receivedMs: 10, serverMs: 1010 });
    assert.equal(serverNow(clock, 20), 1020);

    clock = withSample(clock, sample(100, 10, 1205));
    assert.equal(serverNow(clock, 200), 1300);
    assert.equal(serverNow(withHint(clock, { receivedMs: 0, serverMs: 9e9 }), 200), 1300);
  });

  it("believes a stated time more than an answer that came after minutes", () => {
    const told = withHint(newClock(), { receivedMs: 10, serverMs: 1010 });

    const asked = withSample(told, sample(20, 580_000, 581_020));

    assert.equal(serverNow(asked, 580_020), 581_020);
    assert.equal(serverNow(withSample(asked, sample(600_000, 10, 601_105)), 600_010), 601_110);
  });

  it("takes any answer rather than nothing", () => {
    assert.equal(serverNow(withSample(newClock(), sample(0, 20_000, 1_010_000)), 20_000), 1_020_000);
  });

  it("moves on by the time slept when the monotonic clock stood still", () => {
    const clock = withSample(newClock(), sample(0, 10, 1_000_005));
    const woken = afterSleep(clock, { wallElapsedMs: 60_000, monotonicElapsedMs: 1000 });

    assert.equal(serverNow(woken, 1000), 1_060_000);
    assert.equal(serverNow(withSample(woken, sample(1000, 30, 1_060_515)), 1015), 1_060_515);
  });

  it("does not mind a late timer", () => {
    const clock = withSample(newClock(), sample(0, 10, 1_000_005));
    assert.equal(afterSleep(clock, { wallElapsedMs: 5200, monotonicElapsedMs: 5199 }), clock);
  });
});

describe("the wait before coming back", () => {
  it("is between 0.25 s and 8 s, whatever the try", () => {
    for (const attempt of [0, 1, 2, 3, 10, 1000]) {
      assert.ok(waitMs(attempt, 0) >= WAIT_MIN_MS);
      assert.ok(waitMs(attempt, 0.999999) <= WAIT_MAX_MS);
    }
    assert.equal(WAIT_MIN_MS, 250);
    assert.equal(WAIT_MAX_MS, 8000);
  });

  it("is spread also on the first try, so that a restart is no storm", () => {
    assert.ok(waitMs(0, 0.99) - waitMs(0, 0) > 500);
  });

  it("grows with the tries", () => {
    assert.ok(waitMs(0, 0.5) < waitMs(1, 0.5) && waitMs(1, 0.5) < waitMs(2, 0.5));
  });
});
