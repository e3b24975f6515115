// The seats on the page: paints only what changed, moves the focus over the grid, says which seat was chosen.

import { move } from "../model/grid.js";

const RING_STEPS = 30;
// A change fades in, but not a hundred at once: in a rush showing it now matters more than showing it gently.
const FADING_MAX = 24;

export class SeatGrid {
  #house;
  #on;
  #map = document.getElementById("map");
  #buttons = [];
  #shown = [];
  #rings = new Map();
  #current;

  /** `on` has choose(index, event), pointed(button or null, index), nameOf(index, status). */
  constructor(house, on) {
    this.#house = house;
    this.#on = on;
    for (const button of this.#map.querySelectorAll("button.seat")) {
      const index = Number(button.dataset.i);
      this.#buttons[index] = button;
      this.#shown[index] = button.dataset.state;
    }
    const first = this.#shown.findIndex((state) => state === "mine" || state === "available");
    this.#makeCurrent(Math.max(0, first));
    this.#listen();
  }

  /** Paints seats as `statusOf(index)`; those that look as before are not touched. */
  paint(indexes, statusOf) {
    const all = indexes.map((index) => [index, statusOf(index)]);
    const changes = all.filter(([index, status]) => this.#shown[index] !== status);
    const isRush = changes.length > FADING_MAX;
    for (const [index, status] of changes) this.#paintOne(index, status, isRush);
  }

  /** Rings of held seats, `leftOf(index)` from 1 to 0; touched only when they are a step shorter. */
  paintRings(indexes, leftOf) {
    for (const index of indexes) {
      if (this.#shown[index] !== "held") continue;
      const step = Math.ceil(Math.min(1, leftOf(index)) * RING_STEPS);
      if (this.#rings.get(index) === step) continue;
      this.#rings.set(index, step);
      this.#buttons[index].style.setProperty("--left", step / RING_STEPS);
    }
  }

  /** From near, where row letters may be out of sight, a seat carries its whole name. */
  nameSeats(isNear) {
    this.#house.seats.forEach(({ label }, index) => {
      this.#buttons[index].textContent = isNear ? label : label.replace(/^[A-Z]+/, "");
    });
  }

  /** The focused seat's index, or null. */
  focused() {
    return document.activeElement === this.#buttons[this.#current] ? this.#current : null;
  }

  /** Brings a seat into view without moving the focus. */
  reveal(index) {
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    this.#buttons[index].scrollIntoView({ block: "nearest", inline: "nearest", behavior });
  }

  #paintOne(index, status, isRush) {
    const button = this.#buttons[index];
    const wasFreed = status === "available" && this.#shown[index] !== "pending";
    if (isRush) delete button.dataset.fade;
    else button.dataset.fade = wasFreed ? "freed" : "";
    this.#shown[index] = status;
    button.dataset.state = status;
    button.ariaLabel = this.#on.nameOf(index, status);
    button.ariaPressed = status === "mine" ? "true" : null;
  }

  #listen() {
    const seatAt = (event) => event.target.closest("button.seat");
    this.#map.addEventListener("click", (event) => {
      const button = seatAt(event);
      if (!button) return;
      this.#makeCurrent(Number(button.dataset.i));
      this.#on.choose(this.#current, event);
    });
    this.#map.addEventListener("keydown", (event) => this.#key(event));
    this.#map.addEventListener("animationend", (event) => delete event.target.dataset.fade);
    this.#map.addEventListener("pointerover", (event) => {
      if (event.pointerType === "mouse") this.#point(seatAt(event));
    });
    this.#map.addEventListener("pointerleave", () => this.#point(null));
    this.#map.addEventListener("focusin", (event) => {
      const button = seatAt(event);
      if (!button) return;
      this.#makeCurrent(Number(button.dataset.i));
      // The time left of somebody's hold is named as it is now, not as it was when the seat was painted.
      button.ariaLabel = this.#on.nameOf(this.#current, this.#shown[this.#current]);
      if (button.matches(":focus-visible")) this.#point(button);
    });
    this.#map.addEventListener("focusout", () => this.#point(null));
  }

  #key(event) {
    if (event.altKey || event.metaKey || !event.target.closest("button.seat")) return;
    const next = move(this.#house.grid, this.#current, event.key, { control: event.ctrlKey });
    if (next === null) return;
    event.preventDefault();
    this.#makeCurrent(next);
    this.#buttons[next].focus();
  }

  #point(button) {
    this.#on.pointed(button, button ? Number(button.dataset.i) : null);
  }

  #makeCurrent(index) {
    if (this.#current !== undefined) this.#buttons[this.#current].tabIndex = -1;
    this.#buttons[index].tabIndex = 0;
    this.#current = index;
  }
}
