// My seats: the ticket beside the map, the bar at the bottom of a phone.

import { rupees } from "../model/money.js";
import { countdown, list } from "../model/words.js";

const URGENT_MS = 60_000;

export class HoldBar {
  #state;
  #wishes;
  #ticket = document.getElementById("ticket");
  #seats = document.getElementById("ticket-seats");
  #total = document.getElementById("ticket-total");
  #clock = document.getElementById("clock");
  #left = document.getElementById("clock-left");
  #pay = document.getElementById("pay");
  #release = document.getElementById("release");
  #again = document.getElementById("hold-again");
  #shown = null;
  #ended = null;

  constructor(state, wishes) {
    this.#state = state;
    this.#wishes = wishes;
    this.#release.addEventListener("click", () => wishes.release());
    this.#seats.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (button) wishes.release([button.dataset.seat]);
    });
    this.#pay.addEventListener("click", (event) => this.#pay.ariaDisabled === "true" && event.preventDefault());
    this.#again.addEventListener("click", () => this.#holdAgain());
    document.getElementById("choose-others").addEventListener("click", () => this.#chooseOthers());
    new ResizeObserver(() => this.#reportHeight()).observe(this.#ticket);
  }

  show(leftMs) {
    const { hold } = this.#state;
    if (hold !== this.#shown) this.#draw(hold);
    if (!hold.seats.length) return;
    this.#left.textContent = countdown(leftMs);
    this.#clock.style.setProperty("--left", Math.min(1, leftMs / (this.#state.data.hold_seconds * 1000)));
    this.#ticket.toggleAttribute("data-urgent", leftMs < URGENT_MS);
    this.#pay.ariaDisabled = leftMs > 0 ? null : "true";
  }

  /** `words` are {title, long}. */
  holdGone(hold, words) {
    this.#ended = hold.seats;
    document.getElementById("ended-heading").textContent = words.title;
    document.getElementById("ended-words").textContent = words.long;
    this.#again.textContent = `Hold ${list(hold.seats)} again`;
  }

  #draw(hold) {
    this.#shown = hold;
    if (hold.seats.length) this.#ended = null;
    this.#ticket.dataset.hold = this.#phase(hold);
    if (!hold.seats.length) return;
    const focused = document.activeElement?.dataset?.seat;
    this.#seats.replaceChildren(...hold.seats.map((seat) => this.#chip(seat, hold.status)));
    if (focused && !hold.seats.includes(focused)) this.#seats.querySelector("button")?.focus();
    this.#total.textContent = rupees(hold.amountPaise);
    this.#pay.href = this.#state.data.pay_path.replace("{booking}", hold.booking);
  }

  #phase(hold) {
    if (hold.seats.length) return hold.status === "confirmed" ? "booked" : "held";
    return this.#ended ? "ended" : "none";
  }

  #chip(seat, status) {
    const item = document.createElement("li");
    const chip = document.createElement(status === "confirmed" ? "span" : "button");
    chip.textContent = seat;
    if (status !== "confirmed") {
      chip.type = "button";
      chip.dataset.seat = seat;
      chip.ariaLabel = `${seat}, let it go`;
    }
    item.append(chip);
    return item;
  }

  #holdAgain() {
    const seats = this.#ended;
    this.#chooseOthers();
    this.#wishes.holdAgain([...seats]);
  }

  #chooseOthers() {
    this.#ended = null;
    this.#draw(this.#state.hold);
    document.getElementById("seats").focus({ preventScroll: true });
  }

  #reportHeight() {
    document.body.style.setProperty("--bar", `${Math.ceil(this.#ticket.offsetHeight)}px`);
  }
}
