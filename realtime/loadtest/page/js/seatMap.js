// The seats on the page: built once, painted where they changed, walked with the arrow keys.

import { beside, rowsOf } from "./grid.js";
import { LETTERS } from "./timeline.js";
import { STATE_WORDS } from "./words.js";

// A change fades in, but not a hundred at once: in a rush showing it now matters more than showing it gently.
const FADING_MAX = 24;
// How deep the outermost seats of the widest row hang, for each column; as on the seat page.
const BEND = 0.032;
// Both halves of a sofa hang as deep as its middle.
const OFF_MIDDLE = { "sofa-left": 0.5, "sofa-right": -0.5 };
const KIND_WORDS = { "sofa-left": "sofa", "sofa-right": "sofa", restricted: "restricted view" };

export class SeatMap {
  #seats;
  #rows;
  #map = document.getElementById("map");
  #buttons = [];
  #shown;
  #current = 0;

  /** `seats` are [label, row, x, y, kind, tint, category]; `onChosen(index)` is told of a seat chosen or walked to. */
  constructor(seats, onChosen) {
    this.#seats = seats.map(([label, row, x, y, kind, tint, category]) => ({ label, row, x, y, kind, tint, category }));
    this.#rows = rowsOf(this.#seats);
    this.#shown = new Uint8Array(seats.length).fill(LETTERS.length);
    this.#build();
    this.#map.addEventListener("focusin", (event) => {
      const index = this.#indexOf(event.target);
      if (index === null) return;
      this.#makeCurrent(index);
      this.#buttons[index].ariaCurrent = "true";
      onChosen(index);
    });
    // Safari gives a pressed button no focus.
    this.#map.addEventListener("click", (event) => event.target.closest("button.seat")?.focus());
    this.#map.addEventListener("keydown", (event) => this.#key(event));
    this.#map.addEventListener("animationend", (event) => delete event.target.dataset.fade);
  }

  /** Paints states (places in LETTERS) where they differ from what is shown; gently where time only went on. */
  paint(states, { gently = false } = {}) {
    const changed = [];
    for (let index = 0; index < states.length; index += 1) if (states[index] !== this.#shown[index]) changed.push(index);
    const fades = gently && changed.length <= FADING_MAX;
    for (const index of changed) {
      const letter = LETTERS[states[index]];
      const button = this.#buttons[index];
      this.#shown[index] = states[index];
      button.dataset.state = letter;
      if (fades) button.dataset.fade = letter === "A" ? "freed" : "";
      else delete button.dataset.fade;
      button.ariaLabel = `${this.#seats[index].label}, ${STATE_WORDS[letter]}`;
    }
  }

  /** A seat's label, its tint, and what it is in words. */
  described(index) {
    const { label, row, kind, tint, category } = this.#seats[index];
    return { label, tint, facts: `row ${row} · ${category} · ${KIND_WORDS[kind] ?? kind}` };
  }

  // Internal

  #build() {
    const xs = this.#seats.map(({ x }) => x);
    const ys = this.#seats.map(({ y }) => y);
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const columns = Math.max(...xs) - left + 1;
    const middle = (columns - 1) / 2;
    const deep = (x) => (columns * BEND * (x - middle) ** 2) / Math.max(middle ** 2, 1);
    const place = (element, x, y, off = 0) => {
      element.style.setProperty("--x", x);
      element.style.setProperty("--y", (y + deep(x + off)).toFixed(3));
      return element;
    };
    this.#map.style.setProperty("--columns", columns);
    this.#map.style.setProperty("--depth", (Math.max(...ys) - top + 1 + columns * BEND).toFixed(3));
    const rows = document.createElement("div");
    rows.className = "rows";
    for (const row of this.#rows) {
      const [first, last] = [this.#seats[row[0]], this.#seats[row.at(-1)]];
      rows.append(place(letterOf(first.row), first.x - left - 1, first.y - top));
      for (const index of row) {
        const seat = this.#seats[index];
        rows.append(place(this.#button(seat, index), seat.x - left, seat.y - top, OFF_MIDDLE[seat.kind]));
      }
      rows.append(place(letterOf(last.row), last.x - left + 1, last.y - top));
    }
    this.#map.append(rows);
    this.#makeCurrent(this.#rows[0][0]);
  }

  #button({ kind, tint }, index) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = `seat t${tint} k-${kind}`;
    button.tabIndex = -1;
    button.dataset.i = index;
    this.#buttons[index] = button;
    return button;
  }

  #indexOf(element) {
    const button = element.closest("button.seat");
    return button ? Number(button.dataset.i) : null;
  }

  #key(event) {
    if (event.altKey || event.metaKey || event.ctrlKey || this.#indexOf(event.target) === null) return;
    const next = beside(this.#seats, this.#rows, this.#current, event.key);
    if (next === null) return;
    event.preventDefault();
    this.#buttons[next].focus();
  }

  #makeCurrent(index) {
    this.#buttons[this.#current].tabIndex = -1;
    this.#buttons[this.#current].ariaCurrent = null;
    this.#buttons[index].tabIndex = 0;
    this.#current = index;
  }
}

function letterOf(row) {
  const letter = document.createElement("span");
  letter.className = "letter";
  letter.ariaHidden = "true";
  letter.textContent = row;
  return letter;
}
