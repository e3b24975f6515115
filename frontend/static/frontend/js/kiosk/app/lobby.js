// The lobby board put together: frames move the board, the board is painted at most once a frame of the screen.

import { ageOf } from "../model/age.js";
import { emptyBoard, fold, newlyFull } from "../model/board.js";
import { atDoor, listed, pageAt, pageOf } from "../model/listing.js";
import { Feed } from "../net/feed.js";
import { Foot } from "../view/foot.js";
import { Head } from "../view/head.js";
import { Rows } from "../view/rows.js";
import { Screen } from "./screen.js";

// The page with a show that has just sold out stays for the ceremony, and for those who look up because of it.
const CEREMONY_MS = 9000;
const REVOKED = 4508;

export class LobbyBoard {
  #data;
  #screen;
  #feed;
  #rows;
  #head = new Head();
  #foot = new Foot();
  #nothing = document.getElementById("nothing");
  #board = emptyBoard();
  #confirmedMs = NaN;
  #isDelayed = false;
  #isOpen = false;
  #isPlanned = false;
  #door = null;
  #ceremonies = new Map();

  constructor(data) {
    this.#data = data;
    this.#screen = new Screen(data, { onTick: () => this.#paint() });
    this.#rows = new Rows(data.poster);
    this.#feed = new Feed({
      theatre: data.theatre,
      version: data.version,
      token: this.#screen.token,
      on: {
        frame: (frame) => this.#take(frame),
        pong: (sample) => this.#screen.measuredClock(sample),
        open: () => this.#opened(),
        lost: () => (this.#isOpen = false),
        stopped: (code) => this.#stopped(code),
      },
    });
  }

  start() {
    this.#screen.start();
    this.#feed.start();
  }

  #take(frame) {
    if (frame.server_ms) this.#screen.heardServerTime(frame.server_ms);
    if (frame.type === "board" || frame.type === "board.changes") this.#fold(frame);
    else if (frame.type === "device") this.#isTold(frame);
    else if (frame.type === "notice") this.#isDelayed = frame.code === "updates_delayed";
    this.#soon();
  }

  #opened() {
    this.#isOpen = true;
    this.#screen.lineIsBack();
  }

  #fold(frame) {
    const before = this.#board;
    this.#board = fold(before, frame);
    this.#confirmedMs = frame.server_ms;
    // A line that is back is not behind; if the server is, it says so again right after the board.
    if (frame.type === "board") this.#isDelayed = false;
    if (!before.isKnown) return;
    for (const id of newlyFull(before, this.#board)) this.#ceremonies.set(id, null);
  }

  #isTold(device) {
    this.#door = device.kind === "door" ? device.place.screen : null;
    if (!this.#screen.isTold(device)) this.#screen.goAndAsk();
  }

  // A paired screen asks where it belongs now; a public board has nobody to ask, and keeps what it shows.
  #stopped(code) {
    this.#isOpen = false;
    if (this.#screen.token) this.#screen.goAndAsk({ isRevoked: code === REVOKED });
  }

  #soon() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.#paint();
    });
  }

  #paint() {
    const { words, look } = this.#screen;
    const { zone } = this.#data;
    const nowMs = this.#screen.nowMs();
    this.#goToTheDoor(nowMs);
    const rows = this.#rows.count;
    const entries = listed(this.#board, { nowMs, zone, rows });
    const pages = Math.max(1, Math.ceil(entries.length / rows));
    const page = this.#ceremonyPage(entries, rows, nowMs) ?? pageAt(nowMs, pages);
    const lighting = new Set(this.#ceremonies.keys());
    this.#rows.show(pageOf(entries, page, rows), { words, zone, nowMs, lighting });
    this.#head.show(nowMs, { zone, language: look.language, page, pages });
    this.#nothing.hidden = !this.#board.isKnown || entries.length > 0;
    const line = { words, isDelayed: this.#isDelayed, isOpen: this.#isOpen };
    this.#foot.show(ageOf(this.#confirmedMs, nowMs), line);
  }

  /** The page of the first ceremony that is on, null without one. */
  #ceremonyPage(entries, rows, nowMs) {
    for (const [id, until] of this.#ceremonies) {
      const at = entries.findIndex(({ show, isStarted }) => show.id === id && !isStarted);
      if (at < 0 || (until !== null && nowMs > until)) {
        this.#ceremonies.delete(id);
        continue;
      }
      if (until === null) this.#ceremonies.set(id, nowMs + CEREMONY_MS);
      return Math.floor(at / rows);
    }
    return null;
  }

  #goToTheDoor(nowMs) {
    if (this.#door === null) return;
    const show = atDoor(this.#board, { nowMs, screen: this.#door });
    if (show) this.#screen.go(this.#data.door.replace("{show}", show.id));
  }
}
