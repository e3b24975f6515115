// Every way off the payment page: the seats are given up, changed, booked, or somebody else decided. All but a change
// of seats lead to the booking's own page, which says what became of it.

import { cancelBooking, insist } from "./calls.js";
import { GIVING_BACK, LEAVING, NOT_CANCELLED, NOT_CHANGED } from "./model/sayings.js";

const TRIES = 3;

export class Farewell {
  #booking;
  #on;

  /** `on` has leaving(saying), stay(words) when it did not work, and gone() just before the page is left. */
  constructor(booking, on) {
    this.#booking = booking;
    this.#on = on;
  }

  /** To the booking's page, or elsewhere. */
  go(path = `/bookings/${this.#booking}/`) {
    this.#on.leaving(LEAVING);
    this.#on.gone();
    // Back shall not lead here again.
    location.replace(path);
  }

  /** Give the seats back: `reason` is refresh, dismiss or timer. The house is told however long that takes. */
  async giveUp(reason) {
    this.#on.leaving(GIVING_BACK);
    await cancelBooking(this.#booking, reason);
    this.go();
  }

  /** Its reader gives the booking up. */
  async cancel() {
    this.#on.leaving(GIVING_BACK);
    const { status, body } = await cancelBooking(this.#booking, "user", { expected_status: "pending" }, { tries: TRIES });
    // Paid in another tab, a moment ago: a page that has not heard of it does not throw that away.
    if (status === 200 || isOver(status, body)) this.go();
    else this.#on.stay(NOT_CANCELLED);
  }

  /** Back to the map, with the seats still held. */
  async changeSeats() {
    this.#on.leaving(LEAVING);
    const path = `/api/v1/bookings/${this.#booking}/change_seats`;
    const { status, body } = await insist("POST", path, undefined, { tries: TRIES });
    if (status === 200) this.go(`/shows/${body.show}/`);
    else if (body.code === "hold_expired") this.giveUp("timer");
    else if (isOver(status, body)) this.go();
    else this.#on.stay(NOT_CHANGED);
  }
}

function isOver(status, { code }) {
  return code === "booking_confirmed" || status === 404;
}
