// From "Pay" to a proof of payment: the order, Razorpay's window, and the proof handed to the house until it answers.

import { insist } from "./calls.js";
import { openWindow, razorpayFrom } from "./razorpay.js";

const CHECKOUT_TRIES = 4;

export class Paying {
  #data;
  #mark;
  #on;
  #window = null;
  #hasFailed = false;

  /**
   * `on` has opened(), paid(handed), failed(error), dismissed(reason, hasFailed), noWindow(), tooLate(), refused(reply)
   * and the hold's `time` (timeLeft.js).
   */
  constructor(data, mark, on) {
    this.#data = data;
    this.#mark = mark;
    this.#on = on;
  }

  async begin(buyer) {
    const path = `/api/v1/bookings/${this.#data.booking}/checkout`;
    const reply = await insist("POST", path, buyer, { tries: CHECKOUT_TRIES });
    if (reply.status !== 200) return this.#on.refused(reply);
    let Razorpay;
    try {
      Razorpay = await razorpayFrom(reply.body.checkout_js);
    } catch (error) {
      console.warn(error);
      return this.#on.noWindow();
    }
    return this.#open(Razorpay, reply.body, buyer);
  }

  /** The window is not wanted any more. */
  close() {
    this.#window?.close();
    this.#window = null;
  }

  #open(Razorpay, order, buyer) {
    const seconds = this.#on.time.toPaySeconds;
    if (!seconds) return this.#on.tooLate();
    if (!this.#on.opened()) return;
    this.#hasFailed = false;
    this.#mark.set({ paying: true });
    const { merchant, description } = this.#data;
    const options = {
      key: order.key_id,
      amount: order.amount_paise,
      currency: order.currency,
      order_id: order.order_id,
      // If the house lost the answer to its order, it knows the payment again by this.
      notes: { booking: this.#data.booking },
      name: merchant,
      description,
      timeout: seconds,
      prefill: { name: buyer.name, email: buyer.email, ...(buyer.phone ? { contact: buyer.phone } : {}) },
      theme: { color: getComputedStyle(document.documentElement).getPropertyValue("--accent").trim() },
    };
    this.#window = openWindow(Razorpay, options, {
      paid: (handed) => this.#over(() => this.#on.paid(handed)),
      failed: (error) => {
        this.#hasFailed = true;
        this.#on.failed(error);
      },
      dismissed: () => this.#over(() => this.#on.dismissed(this.#on.time.whyClosed, this.#hasFailed)),
    });
  }

  #over(tell) {
    this.#window = null;
    tell();
  }
}
