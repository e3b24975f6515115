// The door's socket: who comes in at any gate of the show. Comes back by itself, and looks again now and then, since
// news may be lost and counts may not.

import { Socket } from "../net/socket.js";

const LOOK_EVERY_MS = 15_000;

export class Watch {
  #socket;
  #on;

  /** `on` has door(frame), admitted(frame) and line(name, words). */
  constructor(show, on) {
    this.#on = on;
    this.#socket = new Socket({
      url: `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws/shows/${show}/door/`,
      resumeFrom: () => null,
      on: { frame: (frame) => this.#on[frame.type]?.(frame), pong: () => {}, state: (name) => this.#line(name) },
    });
  }

  start() {
    this.#socket.connect();
    setInterval(() => this.#socket.send({ type: "look" }), LOOK_EVERY_MS);
    addEventListener("online", () => this.#socket.wake());
    addEventListener("offline", () => this.#socket.drop());
    document.addEventListener("visibilitychange", () => document.hidden || this.#socket.wake());
  }

  #line(name) {
    if (name === "open") this.#on.line("live", "Live");
    else if (name === "stopped") this.#on.line("stopped", "Not live: sign in again");
    else this.#on.line("waiting", "Not live: scans still count");
  }
}
