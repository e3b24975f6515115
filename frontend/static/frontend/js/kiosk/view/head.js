// The head of a lobby board: the date and the clock, by the server's time.

import { clockOf, dateOf } from "../model/time.js";

export class Head {
  #date = document.getElementById("date");
  #time = document.getElementById("clock");
  #half = document.getElementById("clock-half");
  #pages = document.getElementById("pages");

  show(nowMs, { zone, language, page, pages }) {
    const { time, half } = clockOf(nowMs, zone);
    put(this.#time, time);
    put(this.#half, half);
    put(this.#date, dateOf(nowMs, zone, language));
    this.#pages.hidden = pages < 2;
    while (this.#pages.children.length > Math.max(1, pages)) this.#pages.lastElementChild.remove();
    while (this.#pages.children.length < pages) this.#pages.append(document.createElement("i"));
    [...this.#pages.children].forEach((dot, at) => dot.toggleAttribute("data-current", at === page));
  }
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
