// What becomes of one booking, as soon as the house knows: the show's socket says so, a look at the booking makes
// sure. Messages are sent at most once, so after every (re)connection, and while the line is down, it looks.

import { Socket } from "../net/socket.js";
import { ask } from "./calls.js";

const LOOK_EVERY_MS = 3000;

export class Live {
  #data;
  #on;
  #socket;
  #isOpen = false;
  #looking = false;
  #timer = null;

  /** Look on even while the socket is open: somebody waits for an answer. */
  isUrgent = false;

  /** `data` has booking and show; `on` has booking({status, refund, server_ms?}) and sample(clockSample). */
  constructor(data, on) {
    this.#data = data;
    this.#on = on;
    this.#socket = new Socket({
      url: `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws/shows/${data.show}/`,
      resumeFrom: () => null,
      on: {
        frame: (frame) => this.#take(frame),
        pong: (sample) => on.sample?.(sample),
        state: (name) => this.#line(name),
      },
    });
  }

  start() {
    this.#socket.connect();
    this.#timer = setInterval(() => (this.isUrgent || !this.#isOpen) && !document.hidden && this.look(), LOOK_EVERY_MS);
    addEventListener("online", () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    // An open socket would keep the page out of the back/forward cache.
    addEventListener("pagehide", () => this.#socket.drop());
    addEventListener("pageshow", (event) => event.persisted && this.wake());
  }

  /** Something was missed, perhaps: look now. */
  wake() {
    this.#socket.wake();
    this.look();
  }

  /** Read the booking. */
  async look() {
    if (this.#looking) return;
    this.#looking = true;
    const { status, body } = await ask("GET", `/api/v1/bookings/${this.#data.booking}`);
    this.#looking = false;
    if (status === 200) this.#on.booking(body);
  }

  stop() {
    clearInterval(this.#timer);
  }

  #take(frame) {
    if (frame.type === "booking" && frame.booking === this.#data.booking) this.#on.booking(frame);
    if (frame.type === "mine" && frame.mine?.booking !== this.#data.booking) this.look();
  }

  #line(name) {
    this.#isOpen = name === "open";
    if (this.#isOpen) this.look();
  }
}
