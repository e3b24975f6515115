// What a door says in figures: seats left, seats sold, the time to the start; HOUSEFULL when there is nothing left.

import { BOOKED } from "../../model/seatMap.js";
import { left } from "../model/time.js";
import { bulbs } from "./bulbs.js";

export class Numbers {
  #startsMs;
  #left = document.getElementById("seats-left");
  #sold = document.getElementById("seats-sold");
  #until = document.getElementById("until");
  #untilWord = document.getElementById("until-word");
  #sign = document.getElementById("sign");
  #wasFull = null;

  constructor({ starts_ms: startsMs }) {
    this.#startsMs = startsMs;
  }

  show({ free, held, states }, { words, nowMs }) {
    const sold = states.reduce((count, state) => count + (state === BOOKED), 0);
    put(this.#left, String(free));
    put(this.#sold, String(sold));
    const isStarted = nowMs >= this.#startsMs;
    put(this.#untilWord, isStarted ? words.startedAt : words.startsIn);
    put(this.#until, isStarted ? "" : words.span(left(this.#startsMs - nowMs)));
    this.#showSign(free === 0 && held === 0, words);
  }

  #showSign(isFull, words) {
    if (isFull === this.#wasFull) return;
    // Lit bulb by bulb for those who see it happen; a page that finds a full house finds it lit.
    const isLighting = this.#wasFull === false;
    this.#wasFull = isFull;
    this.#sign.hidden = !isFull;
    this.#sign.replaceChildren(...(isFull ? [bulbs(words.housefull, isLighting)] : []));
  }
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
