// HOUSEFULL in bulbs: unlit, then one after the other, once. Where nobody saw it happen, it is simply lit.

import { bulbsOf } from "../model/words.js";

export const BULB_MS = 160;

/** The sign as an element; `isLighting`: its bulbs come on now, one by one. */
export function bulbs(word, isLighting) {
  const sign = document.createElement("span");
  sign.className = isLighting ? "bulbs lighting" : "bulbs";
  for (const [place, letter] of bulbsOf(word).entries()) {
    const bulb = document.createElement("i");
    bulb.textContent = letter;
    bulb.style.animationDelay = `${place * BULB_MS}ms`;
    sign.append(bulb);
  }
  return sign;
}
