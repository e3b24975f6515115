// The staff's live map: seats are chosen on it, and the form sends them. Rules of the map are the seat page's own.

import { Painter } from "../app/painter.js";
import { PageState } from "../app/pageState.js";
import { Socket } from "../net/socket.js";
import { Line } from "../view/line.js";
import { SeatGrid } from "../view/seatGrid.js";
import { Tip } from "../view/tip.js";
import { Zoom } from "../view/zoom.js";
import { labelsIn, span, tallied } from "./choice.js";
import { nameOf, tipOf, wordsOf } from "./seatWords.js";

const TICK_MS = 1000;

export class SeatDesk {
  #state;
  #grid;
  #socket;
  #painter;
  #chosen = new Set();
  #last = null;
  #mayAct = document.getElementById("seat-desk").dataset.mayAct === "yes";
  #input = document.querySelector("#seats-form [name=seats]");
  #words = document.getElementById("chosen");
  #says = document.getElementById("says");
  #line = new Line();
  #tip;

  constructor(data) {
    this.#state = new PageState(data);
    const zoom = new Zoom((isNear) => this.#grid.nameSeats(isNear));
    this.#tip = new Tip((index) => tipOf(this.#state, index));
    this.#grid = new SeatGrid(this.#state.house, {
      choose: (index, event) => zoom.enlarged(event) || this.#choose(index, event.shiftKey),
      pointed: (button, index) => this.#tip.show(button, index),
      nameOf: (index, status) => nameOf(this.#state, index, status === "mine"),
    });
    this.#painter = new Painter((indexes) => this.#paint(indexes));
    this.#socket = new Socket({
      url: `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws/shows/${data.show}/`,
      resumeFrom: () => (this.#state.map.epoch === null ? null : this.#state.map),
      on: {
        frame: (frame) => this.#take(frame),
        pong: (sample) => this.#state.measuredClock(sample),
        state: (name, detail) => this.#lineMoved(name, detail),
      },
    });
  }

  start() {
    addEventListener("online", () => this.#socket.wake());
    addEventListener("offline", () => this.#socket.drop());
    this.#input?.addEventListener("change", () => this.#setChosen(labelsIn(this.#input.value)));
    document.getElementById("choose-none")?.addEventListener("click", () => this.#setChosen([]));
    for (const button of document.querySelectorAll("[data-choose]"))
      button.addEventListener("click", () => this.#setChosen(button.dataset.choose.split(",")));
    if (this.#input?.value) this.#setChosen(labelsIn(this.#input.value));
    this.#socket.connect();
    this.#painter.soon(this.#state.house.seats.keys());
    setInterval(() => this.#tick(), TICK_MS);
  }

  #take(frame) {
    if (frame.server_ms) this.#state.heardServerTime(frame.server_ms);
    if (frame.type === "notice") return this.#line.delayed(frame.code === "updates_delayed");
    if (!["snapshot", "seats", "check"].includes(frame.type)) return undefined;
    const { changed, ask } = this.#state.moveMap(frame);
    const { epoch, version } = this.#state.map;
    if (ask) this.#socket.send({ type: "sync", ...(ask === "snapshot" ? { epoch: "", version: 0 } : { epoch, version }) });
    this.#painter.soon(changed);
    return undefined;
  }

  #choose(index, isSpan) {
    if (!this.#mayAct) return;
    const { label } = this.#state.house.seats[index];
    if (isSpan && this.#last !== null) {
      for (const at of span(this.#state.house.grid, this.#last, index)) this.#add(at);
    } else if (!this.#chosen.delete(label) && !this.#add(index)) {
      this.#says.textContent = `${label} is ${wordsOf(this.#state, index)}. It cannot be taken off sale now.`;
    }
    this.#last = index;
    this.#changed();
  }

  #add(index) {
    if (!this.#canChange(index)) return false;
    this.#chosen.add(this.#state.house.seats[index].label);
    return true;
  }

  #canChange(index) {
    const state = this.#state.stateOf(index);
    return state === "available" || state === "blocked";
  }

  #setChosen(labels) {
    this.#chosen = new Set(labels.filter((label) => this.#state.house.indexOf(label) !== undefined));
    this.#changed();
  }

  #changed() {
    if (this.#input) this.#input.value = [...this.#chosen].join(", ");
    this.#tally();
    this.#painter.soon(this.#state.house.seats.keys());
  }

  #tally() {
    const states = [...this.#chosen].map((label) => this.#state.stateOf(this.#state.house.indexOf(label)));
    if (this.#words) this.#words.textContent = tallied(states);
  }

  #paint(indexes) {
    this.#grid.paint(indexes, (index) => this.#look(index));
    this.#grid.paintRings(indexes, (index) => this.#ringOf(index));
    this.#tally();
    this.#tip.refresh();
  }

  #look(index) {
    const isChosen = this.#chosen.has(this.#state.house.seats[index].label);
    return isChosen && this.#canChange(index) ? "mine" : this.#state.stateOf(index);
  }

  #lineMoved(name, detail) {
    if (name === "waiting" || name === "stopped") this.#state.loseConnection();
    this.#line.show(name, detail);
  }

  #tick() {
    this.#grid.paintRings(this.#state.map.deadlines.keys(), (index) => this.#ringOf(index));
    this.#tip.refresh();
  }

  #ringOf(index) {
    return this.#state.leftOf(index) / (this.#state.data.hold_seconds * 1000);
  }
}
