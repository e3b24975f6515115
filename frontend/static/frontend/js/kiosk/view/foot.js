// The line at the foot: how old the board is, always; loud when it is old.

import { left } from "../model/time.js";

// Below this an age is no news: the server speaks every five seconds.
const FRESH_MS = 6000;

export class Foot {
  #foot = document.getElementById("foot");
  #age = document.getElementById("age");

  show({ ms, isLoud }, { words, isDelayed, isOpen }) {
    this.#foot.dataset.line = isLoud ? "loud" : isDelayed ? "delayed" : isOpen ? "live" : "connecting";
    const said = this.#words(ms, { isLoud, isDelayed, isOpen }, words);
    if (this.#age.textContent !== said) this.#age.textContent = said;
  }

  #words(ms, { isLoud, isDelayed, isOpen }, words) {
    if (Number.isNaN(ms)) return words.connecting;
    const age = ms < FRESH_MS ? words.now : words.age(whole(ms));
    if (isLoud) return words.loud(age);
    if (isDelayed) return `${words.delayed} · ${age}`;
    return isOpen ? words.live(age) : `${words.connecting} ${age}`;
  }
}

// An age is not rounded up: nothing was ten minutes ago before ten minutes have passed.
function whole(ms) {
  const seconds = Math.floor(ms / 1000);
  return seconds < 60 ? left(seconds * 1000) : left(Math.floor(seconds / 60) * 60_000);
}
