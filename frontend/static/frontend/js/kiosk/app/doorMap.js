// The seat map of the seat page, to look at: the same state, the same pixels, nothing to press.

import { Painter } from "../../app/painter.js";
import { PageState } from "../../app/pageState.js";
import { tally } from "../../model/seatState.js";
import { SeatGrid } from "../../view/seatGrid.js";

export class DoorMap {
  #state;
  #grid;
  #painter;
  #holdMs;

  /** `painted()` is called after what changed has been painted. */
  constructor(data, painted) {
    this.#state = new PageState(data);
    this.#holdMs = data.hold_seconds * 1000;
    const nameOf = (index, status) => `${this.#state.house.seats[index].label}, ${status}`;
    this.#grid = new SeatGrid(this.#state.house, { choose: () => {}, pointed: () => {}, nameOf });
    this.#painter = new Painter((indexes) => {
      this.#grid.paint(indexes, (index) => this.#state.stateOf(index));
      this.#paintRings(indexes);
      painted();
    });
  }

  get isKnown() {
    return this.#state.map.epoch !== null;
  }

  /** Where to resume from, or null. */
  get position() {
    return this.isKnown ? this.#state.map : null;
  }

  /** {free, held, states}. */
  get counts() {
    return { ...tally(this.#state.map), states: this.#state.map.states };
  }

  paintAll() {
    this.#painter.soon(this.#state.house.seats.keys());
  }

  /** Takes a frame; returns what has to be asked of the server, or null. */
  move(frame) {
    if (frame.server_ms) this.#state.heardServerTime(frame.server_ms);
    const { changed, ask } = this.#state.moveMap(frame);
    this.#painter.soon(changed);
    if (!ask) return null;
    const { epoch, version } = this.#state.map;
    // A map that differs at the same version is repaired by a snapshot only: name no state to start from.
    return { type: "sync", ...(ask === "snapshot" ? { epoch: "", version: 0 } : { epoch, version }) };
  }

  measuredClock(sample) {
    this.#state.measuredClock(sample);
  }

  loseConnection() {
    this.#state.loseConnection();
  }

  tick() {
    this.#paintRings(this.#state.map.deadlines.keys());
  }

  #paintRings(indexes) {
    this.#grid.paintRings(indexes, (index) => this.#state.leftOf(index) / this.#holdMs);
  }
}
