// HOUSEFULL: lit bulb by bulb, once, when no seat is free.

import { full } from "../model/words.js";

const BULB_MS = 80;

export class Board {
  #board = document.getElementById("housefull");
  #shown = "";

  /** `held` are seats held by others: they may come back. */
  show(free, held) {
    const words = free ? "" : full(held);
    if (words === this.#shown) return;
    this.#shown = words;
    this.#board.hidden = !words;
    if (!words) return this.#board.replaceChildren();
    if (!this.#board.firstChild) this.#board.append(letters("HOUSEFULL"), document.createElement("span"));
    this.#board.lastChild.textContent = words;
  }
}

function letters(word) {
  const bold = document.createElement("b");
  for (const [place, letter] of [...word].entries()) {
    const bulb = document.createElement("i");
    bulb.textContent = letter;
    bulb.style.animationDelay = `${place * BULB_MS}ms`;
    bold.append(bulb);
  }
  return bold;
}
