// Whether money was paid, while that is not known: the proof is handed to the house until it answers, and nobody is
// asked for money meanwhile.

import { insist } from "./calls.js";
import { CHECKING, CHECKING_LONG, UNKNOWN } from "./model/sayings.js";

const LONG_MS = 12_000;
// Within this time Razorpay's word on a payment of before has come, nearly always.
const OFFER_TO_PAY_MS = 8000;

export class Proof {
  #parts;
  #on;
  #timer = null;

  /** `parts` has mark, view and live; `on` has waiting(phase) and settled(). */
  constructor(parts, on) {
    this.#parts = parts;
    this.#on = on;
  }

  /** He has paid: `handed` is what Razorpay's window gave. */
  async prove(handed) {
    this.#parts.mark.set({ handed });
    this.#wait("proving", CHECKING);
    this.#later(() => this.#parts.view.phase("busy", CHECKING_LONG), LONG_MS);
    const { status, body } = await insist("POST", "/verify_payment/", handed);
    if (status === 200 && body.status !== "pending") return this.#on.settled();
    // The proof says nothing here, but Razorpay's own message may be on its way.
    this.#parts.mark.set({ handed: null });
    return this.#wait("checking", CHECKING_LONG);
  }

  /** He may have paid before the page was opened again; only he knows if not. */
  check() {
    this.#wait("checking", UNKNOWN);
    this.#later(() => this.#parts.view.offerToPay(true), OFFER_TO_PAY_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#parts.live.isUrgent = false;
  }

  #wait(phase, saying) {
    this.stop();
    if (!this.#on.waiting(phase)) return;
    this.#parts.live.isUrgent = true;
    this.#parts.view.phase("busy", saying);
  }

  #later(action, ms) {
    this.#timer = setTimeout(action, ms);
  }
}
