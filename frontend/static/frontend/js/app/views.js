// All views of the seat page behind one face: who shows what when something happened.

import { describe } from "../model/house.js";
import { rupees } from "../model/money.js";
import { neighboursOf } from "../model/neighbours.js";
import { tally } from "../model/seatState.js";
import { countdown, expiring, gone, held, list, span, stateWords, suggestion, taken } from "../model/words.js";
import { Board } from "../view/board.js";
import { HoldBar } from "../view/holdBar.js";
import { Line } from "../view/line.js";
import { Picker } from "../view/picker.js";
import { SeatGrid } from "../view/seatGrid.js";
import { Speaker } from "../view/speaker.js";
import { Tip } from "../view/tip.js";
import { Zoom } from "../view/zoom.js";

export class Views {
  #state;
  #grid;
  #bar;
  #line = new Line();
  #board = new Board();
  #speaker = new Speaker();
  #picker;
  #tip;
  #zoom;

  /** `wishes` has choose(index), best({count, category}), release(seats or undefined), holdAgain(seats). */
  constructor(state, wishes) {
    this.#state = state;
    this.#zoom = new Zoom((isNear) => this.#grid.nameSeats(isNear));
    this.#tip = new Tip((index) => this.#tipWords(index));
    this.#grid = new SeatGrid(state.house, {
      choose: (index, event) => this.#zoom.enlarged(event) || wishes.choose(index),
      pointed: (button, index) => this.#tip.show(button, index),
      nameOf: (index, status) => this.#nameOf(index, status),
    });
    this.#bar = new HoldBar(state, wishes);
    this.#picker = new Picker(state.data.seats_max, wishes.best);
  }

  paint(indexes) {
    this.#grid.paint(indexes, (index) => this.#state.stateOf(index));
    this.#grid.paintRings(indexes, (index) => this.#ringOf(index));
    const { free, held } = tally(this.#state.map);
    if (this.#state.map.epoch !== null) {
      this.#board.show(free, held - this.#state.hold.seats.length);
      this.#picker.free(free);
    }
    this.#tip.refresh();
  }

  showHold() {
    this.#bar.show(this.#state.leftMs());
  }

  tick() {
    this.showHold();
    this.#grid.paintRings(this.#state.map.deadlines.keys(), (index) => this.#ringOf(index));
    this.#tip.refresh();
  }

  choosing(isChoosing) {
    this.#picker.choosing(isChoosing);
  }

  reveal(seat) {
    this.#grid.reveal(this.#state.house.indexOf(seat));
  }

  line(name, detail) {
    this.#line.show(name, detail);
    this.#picker.connected(name === "open");
  }

  delayed(isDelayed) {
    this.#line.delayed(isDelayed);
  }

  focused() {
    return this.#grid.focused();
  }

  held(seats, reason) {
    const { hold } = this.#state;
    const whole = { count: hold.seats.length, price: rupees(hold.amountPaise), leftMs: this.#state.leftMs() };
    this.#speaker.say(held(seats, { reason, ...whole }));
  }

  released(seats) {
    if (seats.length) this.#speaker.say(`${list(seats)} let go.`);
  }

  lost(words) {
    this.#speaker.alert(words);
  }

  explain(index, status) {
    const { label } = this.#state.house.seats[index];
    const left = this.#state.leftOf(index);
    const offer = suggestion(neighboursOf(this.#state.house.grid, index, (at) => this.#state.isFree(at)));
    this.#speaker.alert(`${label} is ${stateWords(status, left)}. ${offer}`);
  }

  focusedSeatChanged(index, before) {
    const after = this.#state.stateOf(index);
    if (before !== "available" || (after !== "held" && after !== "booked")) return;
    const offered = neighboursOf(this.#state.house.grid, index, (at) => this.#state.isFree(at));
    this.#speaker.alert(taken([this.#state.house.seats[index].label], offered));
  }

  milestone(seconds) {
    this.#speaker.say(`${span(seconds * 1000)} left to pay for ${list(this.#state.hold.seats)}.`);
  }

  expiring(remainingMs) {
    this.#speaker.alert(expiring(this.#state.hold.seats, remainingMs));
  }

  holdGone(why, hold) {
    const words = gone(why, hold.seats);
    this.#bar.holdGone(hold, words);
    this.#speaker.hush();
    this.#speaker.say(words.short);
  }

  #ringOf(index) {
    return this.#state.leftOf(index) / (this.#state.data.hold_seconds * 1000);
  }

  #nameOf(index, status) {
    const seat = this.#state.house.seats[index];
    return [...describe(seat), rupees(seat.pricePaise), stateWords(status, this.#state.leftOf(index))].join(", ");
  }

  #tipWords(index) {
    const seat = this.#state.house.seats[index];
    const status = this.#state.stateOf(index);
    const [label, ...what] = describe(seat);
    const left = this.#state.leftOf(index);
    const words = status === "held" && left > 0 ? `held, ${countdown(left)} left` : stateWords(status, left);
    return { title: `${label} · ${rupees(seat.pricePaise)}`, line: [...what, words].join(", ") };
  }
}
