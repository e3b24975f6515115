// The door display put together: the live seat map, how much is left of everything, and which show is next here.

import { Socket } from "../../net/socket.js";
import { ageOf } from "../model/age.js";
import { emptyBoard, fold } from "../model/board.js";
import { atDoor } from "../model/listing.js";
import { returnsIn } from "../model/rest.js";
import { Feed } from "../net/feed.js";
import { knock } from "../net/knock.js";
import { Foot } from "../view/foot.js";
import { Numbers } from "../view/numbers.js";
import { DoorMap } from "./doorMap.js";
import { Screen } from "./screen.js";

// The server answers at once, so an answer tells that the line lives; asked twice within ten seconds.
const ASK_EVERY_MS = 4000;
const MAP_FRAMES = new Set(["snapshot", "seats", "check"]);
const REVOKED = 4508;

export class DoorDisplay {
  #data;
  #screen;
  #map;
  #socket;
  #feed = null;
  #numbers;
  #foot = new Foot();
  #board = emptyBoard();
  #confirmedMs = NaN;
  #isDelayed = false;
  #isOpen = false;

  constructor(data) {
    this.#data = data;
    this.#screen = new Screen(data, { onTick: () => this.#tick() });
    this.#numbers = new Numbers(data);
    this.#map = new DoorMap(data, () => this.#show());
    this.#socket = this.#showSocket();
    if (this.#screen.token) this.#feed = this.#deviceFeed();
    if (data.picture) this.#confirmedMs = data.picture.server_ms;
  }

  start() {
    this.#screen.start();
    this.#map.paintAll();
    this.#socket.connect();
    this.#feed?.start();
    addEventListener("online", () => this.#socket.wake());
    addEventListener("offline", () => this.#socket.drop());
    setInterval(() => this.#isOpen && this.#socket.wake(), ASK_EVERY_MS);
  }

  #showSocket() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return new Socket({
      url: `${scheme}//${location.host}/ws/shows/${this.#data.show}/`,
      resumeFrom: () => this.#map.position,
      on: {
        frame: (frame) => this.#take(frame),
        pong: (sample) => this.#ponged(sample),
        state: (name) => this.#line(name),
      },
      env: { waits: returnsIn, knock },
    });
  }

  // Only a paired screen listens to its theatre as well: what staff tells it, and which show is next here.
  #deviceFeed() {
    const { theatre, version } = this.#data;
    const on = {
      frame: (frame) => this.#told(frame),
      pong: () => {}, // the show's socket measures the clock
      open: () => {},
      lost: () => {},
      stopped: (code) => this.#screen.goAndAsk({ isRevoked: code === REVOKED }),
    };
    return new Feed({ theatre, version, token: this.#screen.token, on });
  }

  #take(frame) {
    if (frame.server_ms) this.#screen.heardServerTime(frame.server_ms);
    if (frame.type === "notice") this.#isDelayed = frame.code === "updates_delayed";
    if (!MAP_FRAMES.has(frame.type)) return;
    const question = this.#map.move(frame);
    if (question) this.#socket.send(question);
    else this.#confirmedMs = this.#screen.nowMs();
  }

  #ponged(sample) {
    this.#screen.measuredClock(sample);
    this.#map.measuredClock(sample);
    if (!this.#isDelayed) this.#confirmedMs = this.#screen.nowMs();
  }

  #line(name) {
    this.#isOpen = name === "open";
    if (name === "open") {
      this.#isDelayed = false;
      this.#screen.lineIsBack();
    }
    if (name === "waiting" || name === "stopped") this.#map.loseConnection();
    if (name === "stopped" && this.#screen.token) this.#screen.goAndAsk();
  }

  #told(frame) {
    this.#board = fold(this.#board, frame);
    if (frame.type !== "device") return;
    const isHere = this.#screen.isTold(frame) && frame.kind === "door" && frame.place.screen === this.#data.screen;
    if (!isHere) this.#screen.goAndAsk();
  }

  #tick() {
    this.#map.tick();
    this.#show();
    if (!this.#board.isKnown) return;
    const next = atDoor(this.#board, { nowMs: this.#screen.nowMs(), screen: this.#data.screen });
    if (next && next.id !== this.#data.show) this.#screen.go(this.#data.door.replace("{show}", next.id));
  }

  #show() {
    const { words } = this.#screen;
    const nowMs = this.#screen.nowMs();
    if (this.#map.isKnown) this.#numbers.show(this.#map.counts, { words, nowMs });
    this.#foot.show(ageOf(this.#confirmedMs, nowMs), { words, isDelayed: this.#isDelayed, isOpen: this.#isOpen });
  }
}
