// What this tab remembers of a booking, so that a refresh is told from a new tab. It lives in sessionStorage, which
// a reload keeps and a new tab does not have; without it (blocked, private) nothing counts as a refresh.

import { onArrival } from "./model/arrival.js";

export class Mark {
  #key;
  #left = false;

  constructor(booking) {
    this.#key = `housefull.pay.${booking}`;
  }

  /** {paying, handed, asleep}, or null in a tab that has not shown this booking. */
  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key));
    } catch {
      return null;
    }
  }

  set(changes) {
    try {
      sessionStorage.setItem(this.#key, JSON.stringify({ ...this.read(), ...changes }));
    } catch {
      // Nothing to remember in: then a refresh looks like a new tab, and cancels nothing.
    }
  }

  forget() {
    try {
      sessionStorage.removeItem(this.#key);
    } catch {
      // Nothing was remembered.
    }
  }

  /** What this visit means for the booking, and what Razorpay handed over before: {meaning, handed}. */
  arrival(policy) {
    const [navigation] = performance.getEntriesByType("navigation");
    const mark = this.read();
    const meaning = onArrival({ type: navigation?.type, wasDiscarded: document.wasDiscarded === true, mark, policy });
    return { meaning, handed: mark?.handed };
  }

  /** Notes whether the page sleeps in the background: a tab put away from there was not refreshed. */
  watch() {
    this.set({ asleep: document.hidden });
    document.addEventListener("visibilitychange", () => this.#left || this.set({ asleep: document.hidden }));
    addEventListener("pagehide", () => {
      this.#left = true;
      if (this.read()) this.set({ asleep: false });
    });
    addEventListener("pageshow", () => (this.#left = false));
  }
}
