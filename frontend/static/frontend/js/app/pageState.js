// Everything the seat page knows at this moment, and the questions its views ask about it.

import { afterSleep, newClock, serverNow, withHint, withSample } from "../model/clock.js";
import { holdFrom, remainingMs } from "../model/hold.js";
import { houseFrom } from "../model/house.js";
import { connectionLost, emptyMap, mapFrom, reduce } from "../model/seatMap.js";
import { seatState } from "../model/seatState.js";

export class PageState {
  #clock = newClock();
  #asked = new Set();
  #leaving = new Map();

  constructor(data) {
    this.data = data;
    this.house = houseFrom(data);
    this.map = data.picture ? mapFrom(data.picture) : emptyMap();
    this.hold = holdFrom(data.picture?.mine);
    if (data.picture) this.heardServerTime(data.picture.server_ms);
  }

  get isOpen() {
    return this.data.sales === "open";
  }

  nowMs() {
    return serverNow(this.#clock, performance.now());
  }

  stateOf(index) {
    const known = { map: this.map, hold: this.hold, asked: this.#asked, leaving: this.#leaving };
    return seatState(known, index, this.house.seats[index].label);
  }

  isFree(index) {
    return this.stateOf(index) === "available";
  }

  /** Milliseconds left of the hold on that seat. */
  leftOf(index) {
    return Math.max(0, (this.map.deadlines.get(index) ?? 0) - this.nowMs());
  }

  /** Milliseconds left of my own hold. */
  leftMs() {
    return remainingMs(this.hold, this.nowMs());
  }

  // Changes; each returns the seats (indexes) that may look different now

  moveMap(frame) {
    const { map, changed, ask } = reduce(this.map, frame);
    this.map = map;
    return { changed, ask };
  }

  setHold(hold) {
    const before = this.hold;
    for (const seat of before.seats) if (!hold.seats.includes(seat)) this.#leaving.set(seat, before.expiresMs);
    for (const seat of hold.seats) this.#leaving.delete(seat);
    this.hold = hold;
    return this.#indexesOf([...before.seats, ...hold.seats]);
  }

  setAsked(labels) {
    const before = this.#asked;
    this.#asked = new Set(labels);
    return this.#indexesOf([...before, ...labels]);
  }

  loseConnection() {
    this.map = connectionLost(this.map);
  }

  heardServerTime(serverMs) {
    this.#clock = withHint(this.#clock, { receivedMs: performance.now(), serverMs });
  }

  measuredClock(sample) {
    this.#clock = withSample(this.#clock, sample);
  }

  timePassed(elapsed) {
    this.#clock = afterSleep(this.#clock, elapsed);
  }

  #indexesOf(labels) {
    return labels.map((label) => this.house.indexOf(label)).filter((index) => index !== undefined);
  }
}
