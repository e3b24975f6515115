// The seat page put together: frames move the state, the state is painted at most once a frame, and what
// people choose becomes requests. Rules are in model/, pixels in view/, the wire in net/.

import { NO_HOLD, holdFrom, holdWithout, milestonePassed, whatBecame } from "../model/hold.js";
import { Socket } from "../net/socket.js";
import { Holding } from "./holding.js";
import { Painter } from "./painter.js";
import { PageState } from "./pageState.js";
import { Views } from "./views.js";

const TICK_MS = 1000;
// A sync is answered within one round trip; without an answer it is asked once more.
const SYNC_AGAIN_MS = 5000;

export class SeatPage {
  #state;
  #views;
  #holding;
  #socket;
  #painter;
  #syncedMs = -Infinity;
  #lastTick = { wallMs: Date.now(), monotonicMs: performance.now(), leftMs: 0 };

  constructor(data) {
    this.#state = new PageState(data);
    this.#views = new Views(this.#state, {
      choose: (index) => this.#holding.choose(index),
      best: (wish) => this.#holding.best(wish),
      release: (seats) => this.#holding.release(seats),
      holdAgain: (seats) => this.#holding.hold(seats),
    });
    this.#painter = new Painter((indexes) => this.#views.paint(indexes));
    this.#holding = new Holding(this.#state, this.#views, {
      send: (frame) => this.#socket.send(frame),
      changed: (indexes) => this.#painter.soon(indexes),
    });
    this.#socket = new Socket({
      url: `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws/shows/${data.show}/`,
      resumeFrom: () => (this.#state.map.epoch === null ? null : this.#state.map),
      on: {
        frame: (frame) => this.#take(frame),
        pong: (sample) => this.#state.measuredClock(sample),
        state: (name, detail) => this.#line(name, detail),
      },
    });
  }

  start() {
    addEventListener("online", () => this.#socket.wake());
    addEventListener("offline", () => this.#socket.drop());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      this.#tick();
      this.#socket.wake();
    });
    this.#socket.connect();
    this.#painter.soon(this.#state.house.seats.keys());
    this.#tick();
    setInterval(() => this.#tick(), TICK_MS);
  }

  #take(frame) {
    if (frame.server_ms) this.#state.heardServerTime(frame.server_ms);
    const { hold } = this.#state;
    switch (frame.type) {
      case "snapshot":
        this.#moveMap(frame);
        return this.#setHold(holdFrom(frame.mine));
      case "seats":
      case "check":
        return this.#moveMap(frame);
      case "mine":
        return this.#setHold(holdFrom(frame.mine));
      case "held":
        this.#setHold(holdFrom(frame));
        return this.#holding.held(frame);
      case "released":
        this.#setHold(holdWithout(hold, frame.seats, this.#state.house.priceOf));
        return this.#holding.released(frame);
      case "refused":
      case "error":
        return this.#holding.refused(frame);
      case "hold.expiring":
        return this.#views.expiring(frame.remaining_ms);
      case "booking":
        return this.#bookingMoved(frame);
      case "notice":
        return this.#views.delayed(frame.code === "updates_delayed");
      default: // A newer server may say more; what is not known here changes nothing.
    }
  }

  #moveMap(frame) {
    const focused = this.#views.focused();
    const before = focused === null ? null : this.#state.stateOf(focused);
    const { changed, ask } = this.#state.moveMap(frame);
    if (ask) this.#sync(ask);
    if (changed.includes(focused)) this.#views.focusedSeatChanged(focused, before);
    this.#painter.soon(changed);
  }

  #sync(ask) {
    const { epoch, version } = this.#state.map;
    this.#syncedMs = performance.now();
    // A map that differs at the same version is repaired by a snapshot only: name no state to start from.
    this.#socket.send({ type: "sync", ...(ask === "snapshot" ? { epoch: "", version: 0 } : { epoch, version }) });
  }

  #setHold(hold) {
    const before = this.#state.hold;
    const became = whatBecame(before, hold, { nowMs: this.#state.nowMs(), releasing: this.#holding.isReleasing() });
    this.#painter.soon(this.#state.setHold(hold));
    if (became === "ended" || became === "elsewhere") this.#views.holdGone(became, before);
    this.#views.showHold();
  }

  #bookingMoved({ booking, status }) {
    const { hold } = this.#state;
    if (booking !== hold.booking || status === "pending") return;
    this.#setHold(status === "confirmed" ? Object.freeze({ ...hold, status }) : NO_HOLD);
  }

  #line(name, detail) {
    if (name === "waiting" || name === "stopped") this.#state.loseConnection();
    this.#views.line(name, detail);
    if (name === "open") this.#holding.askAgain();
  }

  #tick() {
    const now = { wallMs: Date.now(), monotonicMs: performance.now() };
    const { wallMs, monotonicMs, leftMs: leftBeforeMs } = this.#lastTick;
    this.#state.timePassed({ wallElapsedMs: now.wallMs - wallMs, monotonicElapsedMs: now.monotonicMs - monotonicMs });
    const leftMs = this.#state.leftMs();
    this.#lastTick = { ...now, leftMs };
    const milestone = milestonePassed(leftBeforeMs, leftMs);
    if (milestone) this.#views.milestone(milestone);
    this.#holding.tick();
    if (this.#state.map.asking && now.monotonicMs - this.#syncedMs > SYNC_AGAIN_MS) this.#sync("changes");
    this.#views.tick();
  }
}
