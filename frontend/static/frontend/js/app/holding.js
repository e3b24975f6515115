// Wishes become requests, answers become words. A seat is mine only when the server says so.

import { neighboursOf } from "../model/neighbours.js";
import { again, ask, noRequests, overdue, seatsAsked, settle } from "../model/requests.js";
import { list, refusal } from "../model/words.js";

const TRY_AGAIN_MS = 600;
// The same request again, with the same key, can only help here.
const WORTH_ANOTHER_TRY = new Set(["in_progress", "outcome_unknown", "not_ready"]);

export class Holding {
  #state;
  #views;
  #wire;
  #requests = noRequests();

  /** `wire` has send(frame) → whether it went out, and changed(indexes). */
  constructor(state, views, wire) {
    this.#state = state;
    this.#views = views;
    this.#wire = wire;
  }

  // Actions

  choose(index) {
    const { label } = this.#state.house.seats[index];
    const state = this.#state.stateOf(index);
    if (state === "available") this.hold([label]);
    else if (state === "mine") this.release([label]);
    else if (state !== "pending") this.#views.explain(index, state);
  }

  hold(seats) {
    const { seats_max: seatsMax } = this.#state.data;
    const wanted = this.#state.hold.seats.length + seatsAsked(this.#requests, "hold").length + seats.length;
    if (!this.#state.isOpen) this.#views.lost(refusal("sales_closed", {}));
    else if (wanted > seatsMax) this.#views.lost(refusal("too_many_seats", { seatsMax }));
    else this.#ask({ type: "hold", seats });
  }

  best({ count, category }) {
    this.#ask({ type: "hold.best", count, ...(category ? { category } : {}) });
  }

  release(seats) {
    this.#ask({ type: "release", seats: seats ?? [...this.#state.hold.seats] });
  }

  /** The line is back: ask again what was not answered, with the same keys. */
  askAgain() {
    this.#requests.open.forEach(({ frame }) => this.#wire.send(frame));
  }

  tick() {
    for (const { id, frame } of overdue(this.#requests, performance.now())) {
      this.#settle(id);
      this.#views.lost(`No answer${frame.seats ? ` about ${list(frame.seats)}` : ""} yet. If a seat turns amber it is held for you; otherwise try again.`);
    }
  }

  // Answers

  held(frame) {
    const request = this.#settle(frame.id);
    if (request) this.#views.held(request.frame.seats ?? frame.seats, frame.reason);
  }

  released(frame) {
    if (this.#settle(frame.id)) this.#views.released(frame.seats);
  }

  refused(frame) {
    if (frame.id === null || frame.id === undefined) return;
    const request = this.#requests.open.find(({ id }) => id === frame.id);
    const retry = request && WORTH_ANOTHER_TRY.has(frame.code) ? again(request) : null;
    if (retry) {
      this.#requests = { ...this.#requests, open: this.#requests.open.map((known) => (known.id === retry.id ? retry : known)) };
      setTimeout(() => this.#wire.send(retry.frame), TRY_AGAIN_MS * retry.tries);
      return;
    }
    if (this.#settle(frame.id)) this.#views.lost(this.#refusalWords(frame));
  }

  isReleasing() {
    return this.#requests.open.some(({ frame }) => frame.type === "release");
  }

  // Internal

  #ask(frame) {
    const { requests, request } = ask(this.#requests, frame, { nowMs: performance.now(), key: newKey() });
    if (!this.#wire.send(request.frame)) {
      this.#views.lost("There is no connection at the moment, so nothing was held. It comes back by itself; then try again.");
      return;
    }
    this.#requests = requests;
    this.#showAsked();
  }

  #settle(id) {
    const { requests, request } = settle(this.#requests, id);
    this.#requests = requests;
    this.#showAsked();
    return request;
  }

  #showAsked() {
    const asked = [...seatsAsked(this.#requests, "hold"), ...seatsAsked(this.#requests, "release")];
    this.#wire.changed(this.#state.setAsked(asked));
    this.#views.choosing(this.#requests.open.some(({ frame }) => frame.type === "hold.best"));
  }

  #refusalWords({ code, detail, seats = [], seats_max: seatsMax, retry_after_ms: waitMs = 0 }) {
    const { grid, indexOf } = this.#state.house;
    const known = seats.filter((label) => indexOf(label) !== undefined);
    const isOffered = (index) => this.#state.isFree(index) && !seats.includes(this.#state.house.seats[index].label);
    const neighbours = known.length ? neighboursOf(grid, indexOf(known[0]), isOffered) : { beside: [], near: [] };
    return refusal(code, { detail, seats: known, neighbours, waitMs, seatsMax: seatsMax ?? this.#state.data.seats_max });
  }
}

function newKey() {
  // Not randomUUID(): that one exists on secure origins only, and a demo in the local network is none.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
