// The hold's countdown: from the server's deadline, by the server's clock, shown every second.

import { afterSleep, newClock, serverNow, withHint, withSample } from "../model/clock.js";
import { milestonePassed } from "../model/hold.js";
import { reasonClosed, timeoutSeconds } from "./model/safely.js";

const TICK_MS = 1000;

export class TimeLeft {
  #clock;
  #expiresMs;
  #holdMs;
  #on;
  #timer = null;
  #last = { wallMs: Date.now(), monotonicMs: performance.now(), leftMs: Infinity };

  /** `on` has tick(leftMs), milestone(seconds) and over(). */
  constructor({ server_ms: serverMs, expires_ms: expiresMs, hold_seconds: holdSeconds }, on) {
    this.#clock = withHint(newClock(), { receivedMs: performance.now(), serverMs });
    this.#expiresMs = expiresMs;
    this.#holdMs = holdSeconds * 1000;
    this.#on = on;
  }

  get ms() {
    return Math.max(0, this.#expiresMs - serverNow(this.#clock, performance.now()));
  }

  /** How long a payment may take that begins now; 0: too little is left. */
  get toPaySeconds() {
    return timeoutSeconds(this.ms, this.#holdMs);
  }

  /** Why Razorpay's window was closed just now. */
  get whyClosed() {
    return reasonClosed(this.ms, this.#holdMs);
  }

  start() {
    document.addEventListener("visibilitychange", () => document.hidden || this.#look());
    this.#look();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = false;
  }

  measured(sample) {
    this.#clock = withSample(this.#clock, sample);
  }

  #look() {
    if (this.#timer === false) return;
    clearTimeout(this.#timer);
    const now = { wallMs: Date.now(), monotonicMs: performance.now() };
    const { wallMs, monotonicMs, leftMs: before } = this.#last;
    const elapsed = { wallElapsedMs: now.wallMs - wallMs, monotonicElapsedMs: now.monotonicMs - monotonicMs };
    this.#clock = afterSleep(this.#clock, elapsed);
    const leftMs = this.ms;
    this.#last = { ...now, leftMs };
    this.#on.tick(leftMs);
    const milestone = before === Infinity ? null : milestonePassed(before, leftMs);
    if (milestone) this.#on.milestone(milestone);
    if (leftMs > 0) this.#timer = setTimeout(() => this.#look(), Math.min(TICK_MS, leftMs % TICK_MS || TICK_MS) + 5);
    else this.#on.over();
  }
}
