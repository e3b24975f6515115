// What happened to the chosen seat: a few entries around the moment shown, each leading to its own.

import { clock, grouped, lasting, STATE_WORDS } from "./words.js";

const BEFORE_MAX = 8;
const AFTER_MAX = 4;

export class SeatPanel {
  #timeline;
  #name = document.getElementById("seat-name");
  #facts = document.getElementById("seat-facts");
  #list = document.getElementById("seat-history");
  #history = null;
  #shown = null;
  #tint = 1;

  /** `onMoment(ms)` is told which entry was pressed. */
  constructor(timeline, onMoment) {
    this.#timeline = timeline;
    this.#list.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) onMoment(Number(button.dataset.ms));
    });
  }

  /** Shows a seat, described as { label, tint, facts }, as at a moment. */
  choose(index, { label, tint, facts }, ms) {
    this.#tint = tint;
    this.#history = this.#timeline.historyOf(index);
    this.#shown = null;
    this.#name.textContent = label;
    const count = this.#history.length - 1;
    const changes = count ? `${grouped(count)} ${count === 1 ? "change" : "changes"}` : "never changed";
    this.#facts.textContent = `${facts} · ${changes}`;
    this.show(ms);
  }

  /** Moves along with the replay. */
  show(ms) {
    if (this.#history === null) return;
    const after = this.#history.findIndex((entry) => entry.ms > ms);
    const now = (after < 0 ? this.#history.length : after) - 1;
    if (now === this.#shown) return;
    this.#shown = now;
    const first = Math.max(0, now - BEFORE_MAX);
    const focused = document.activeElement?.dataset.entry;
    const entries = this.#history.slice(first, now + AFTER_MAX + 1);
    this.#list.replaceChildren(...entries.map((entry, at) => this.#entry(entry, first + at, now)));
    this.#list.start = first + 1;
    if (focused !== undefined) this.#list.querySelector(`[data-entry="${focused}"]`)?.focus();
  }

  // Internal

  #entry({ ms, version, letter }, at, now) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const next = this.#history[at + 1];
    const swatch = document.createElement("i");
    swatch.className = `seat swatch t${this.#tint}`;
    swatch.dataset.state = letter;
    swatch.ariaHidden = "true";
    button.type = "button";
    button.dataset.ms = ms;
    button.dataset.entry = at;
    if (at === now) button.ariaCurrent = "time";
    const facts = [version === null ? "at the start" : `version ${version}`, next ? `for ${lasting(next.ms - ms)}` : "to the end"];
    button.append(swatch, part("b", clock(ms)), part("span", STATE_WORDS[letter]), part("small", facts.join(", ")));
    item.append(button);
    return item;
  }
}

function part(name, text) {
  const element = document.createElement(name);
  element.textContent = text;
  return element;
}
