// A theatre's board over its socket, for months: whatever happens to the line, it comes back in about a second.

import { Socket } from "../../net/socket.js";
import { returnsIn } from "../model/rest.js";
import { knock } from "./knock.js";

// The server says something every five seconds: two of those missed, and the line is dead, whatever TCP thinks.
const SILENCE_MS = 12_000;
// A connection that does not come about is tried anew; every fourth time it gets long enough for the worst line.
const PATIENCE_MS = [2000, 2000, 2000, 8000];

export class Feed {
  #socket;
  #on;
  #silence = null;
  #impatience = null;
  #tries = 0;

  /** `on` has frame(frame), pong(sample), open(), lost() and stopped(code). `token` is a paired screen's, or null. */
  constructor({ theatre, version, token, on }) {
    this.#on = on;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new Socket({
      url: `${scheme}//${location.host}/ws/theatres/${theatre}/board/?client=${version}`,
      resumeFrom: () => null,
      on: {
        frame: (frame) => this.#heard(frame),
        pong: (sample) => on.pong(sample),
        state: (name, _, code) => this.#state(name, code),
      },
      env: { token, waits: returnsIn, knock },
    });
  }

  start() {
    addEventListener("online", () => this.#socket.wake());
    addEventListener("offline", () => this.#socket.drop());
    this.#socket.connect();
  }

  #heard(frame) {
    this.#expectMore();
    this.#on.frame(frame);
  }

  #state(name, code) {
    clearTimeout(this.#impatience);
    clearTimeout(this.#silence);
    if (name === "connecting") {
      const patience = PATIENCE_MS[this.#tries % PATIENCE_MS.length];
      this.#tries += 1;
      this.#impatience = setTimeout(() => this.#socket.drop(), patience);
    } else if (name === "open") {
      this.#tries = 0;
      this.#expectMore();
      this.#on.open();
    } else if (name === "waiting") {
      this.#on.lost();
    } else if (name === "stopped") {
      this.#on.stopped(code);
    }
  }

  #expectMore() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.drop(), SILENCE_MS);
  }
}
