// The page of one booking: drawn by the server, drawn again when the house says that something changed. Reading it
// again changes nothing, so a refresh never does.

import { cancelBooking } from "./calls.js";
import { Live } from "./live.js";
import { NOT_CANCELLED } from "./model/sayings.js";
import { ask, wakeButtons } from "./buttons.js";

const TRIES = 3;

export class BookingPage {
  #data;
  #isLeaving = false;

  constructor(data) {
    this.#data = data;
  }

  start() {
    document.getElementById("cancel")?.addEventListener("click", () => this.#cancel());
    wakeButtons();
    if (this.#data.is_live) new Live(this.#data, { booking: (booking) => this.#told(booking) }).start();
  }

  #told({ status, refund }) {
    if (status !== this.#data.status || refund !== this.#data.refund) this.#drawAgain();
  }

  async #cancel() {
    // What comes back depends on the hour: an old promise is not shown.
    if (this.#data.terms_until_ms && Date.now() > this.#data.terms_until_ms) return this.#drawAgain();
    if (!(await ask("cancel-question"))) return;
    const { status } = await cancelBooking(this.#data.booking, "user", {}, { tries: TRIES });
    if (status === 200) return this.#drawAgain();
    const wrong = document.getElementById("cancel-wrong");
    wrong.textContent = NOT_CANCELLED;
    wrong.hidden = false;
  }

  #drawAgain() {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    location.reload();
  }
}
