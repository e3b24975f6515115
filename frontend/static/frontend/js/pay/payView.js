// The payment page's pixels: which phase it is in, what it says, and the clock.

import { countdown, span } from "../model/words.js";

const URGENT_MS = 60_000;

export class PayView {
  #page = document.getElementById("pay-page");
  #left = document.getElementById("clock-left");
  #clock = document.getElementById("clock");
  #says = document.getElementById("says");
  #wrong = document.getElementById("pay-wrong");
  #holdMs;

  constructor(holdSeconds) {
    this.#holdMs = holdSeconds * 1000;
  }

  /** "held": everything can be done; "busy": nothing but waiting for what `saying` tells. */
  phase(name, saying = null) {
    const before = this.#page.dataset.phase;
    this.#page.dataset.phase = name;
    if (!saying) {
      this.#showWrong();
      return;
    }
    document.getElementById("busy-title").textContent = saying.title;
    document.getElementById("busy-text").textContent = saying.text;
    if (before !== "busy") document.getElementById("busy").focus({ preventScroll: true });
    scrollTo({ top: 0 });
  }

  /** Something went wrong that the reader can do something about; "" takes it back. */
  complain(words) {
    this.#wrong.textContent = words;
    this.#wrong.hidden = !words;
    this.#showWrong();
  }

  tick(leftMs) {
    this.#left.textContent = countdown(leftMs);
    this.#clock.style.setProperty("--left", Math.min(1, leftMs / this.#holdMs));
    this.#page.toggleAttribute("data-urgent", leftMs < URGENT_MS);
  }

  say(seconds) {
    this.#says.textContent = `${span(seconds * 1000)} left to pay.`;
  }

  mayPay(may) {
    document.getElementById("pay").ariaDisabled = may ? null : "true";
  }

  offerToPay(offered) {
    document.getElementById("not-paid").hidden = !offered;
  }

  // Razorpay's window gives the focus back, and the page may have moved with it.
  #showWrong() {
    if (!this.#wrong.hidden) this.#wrong.scrollIntoView({ block: "center" });
  }
}
