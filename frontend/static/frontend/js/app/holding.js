// Wishes become requests, answers become words. A seat is mine only when the server says so.

import { neighboursOf } from "../model/neighbours.js";
import { again, ask, noRequests, overdue, seatsAsked, settle } from "../model/requests.js";
import { NO_CONNECTION, noAnswer, refusal } from "../model/words.js";
import { newKey } from "../net/keys.js";

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
      this.#views.lost(noAnswer(frame.seats));
    }
  }

  held(frame) {
    const request = this.#settle(frame.id);
    if (!request) return;
    this.#views.held(request.frame.seats ?? frame.seats, frame.reason);
    if (!request.frame.seats) this.#views.reveal(frame.seats[0]);
  }

  released(frame) {
    if (this.#settle(frame.id)) this.#views.released(frame.seats);
  }

  refused(frame) {
    if (frame.id === null || frame.id === undefined) return;
    if (WORTH_ANOTHER_TRY.has(frame.code) && this.#tryAgain(frame.id)) return;
    if (this.#settle(frame.id)) this.#views.lost(this.#refusalWords(frame));
  }

  isReleasing() {
    return this.#requests.open.some(({ frame }) => frame.type === "release");
  }

  #ask(frame) {
    const { requests, request } = ask(this.#requests, frame, { nowMs: performance.now(), key: newKey() });
    if (!this.#wire.send(request.frame)) {
      this.#views.lost(NO_CONNECTION);
      return;
    }
    this.#requests = requests;
    this.#showAsked();
  }

  #tryAgain(id) {
    const { requests, request } = again(this.#requests, id);
    this.#requests = requests;
    if (request) setTimeout(() => this.#wire.send(request.frame), TRY_AGAIN_MS * request.tries);
    return request !== undefined;
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
    const limits = { waitMs, seatsMax: seatsMax ?? this.#state.data.seats_max };
    return refusal(code, { detail, seats: known, neighbours, ...limits });
  }
}
