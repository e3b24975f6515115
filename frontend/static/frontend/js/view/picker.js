// "Best 2 together": how many, at which price, and the one main action while nothing is held.

import { FULL_HINT } from "../model/words.js";

export class Picker {
  #form = document.getElementById("picker");
  #count = document.getElementById("picker-count");
  #find = document.getElementById("picker-find");
  #category = document.getElementById("picker-category");
  #otherTimes = document.getElementById("other-times");
  #hint = document.getElementById("ticket-hint");
  #hintWords = this.#hint.textContent;
  #seatsMax;
  #wanted = 2;
  #isConnected = false;
  #isChoosing = false;
  #free = 1;

  constructor(seatsMax, best) {
    this.#seatsMax = seatsMax;
    if (!this.#form) return;
    this.#form.addEventListener("click", (event) => {
      const step = event.target.closest("[data-step]")?.dataset.step;
      if (step) this.#want(this.#wanted + Number(step));
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (!this.#find.disabled) best({ count: this.#wanted, category: this.#category?.value });
    });
    this.#want(Math.min(2, seatsMax));
  }

  connected(isConnected) {
    this.#isConnected = isConnected;
    this.#show();
  }

  choosing(isChoosing) {
    this.#isChoosing = isChoosing;
    this.#show();
  }

  /** How many seats are free at all. */
  free(count) {
    if (!this.#form || this.#free === count) return;
    this.#free = count;
    this.#form.hidden = count === 0;
    this.#otherTimes.hidden = count > 0;
    this.#hint.textContent = count ? this.#hintWords : FULL_HINT;
  }

  #want(count) {
    this.#wanted = Math.min(this.#seatsMax, Math.max(1, count));
    this.#show();
  }

  #show() {
    if (!this.#form) return;
    const [fewer, more] = this.#form.querySelectorAll("[data-step]");
    fewer.disabled = this.#wanted === 1;
    more.disabled = this.#wanted === this.#seatsMax;
    this.#count.value = this.#wanted;
    const together = this.#wanted === 1 ? "Best seat" : `Best ${this.#wanted} together`;
    this.#find.textContent = this.#isChoosing ? "Choosing…" : together;
    this.#find.disabled = this.#isChoosing || !this.#isConnected;
  }
}
