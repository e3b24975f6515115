// One WebSocket that stays alive: connects, resumes, pings, comes back with jitter. Knows nothing of seats.

import { waitMs } from "../model/backoff.js";
import { comesBack, reasonOf } from "./closeCodes.js";

export const SUBPROTOCOL = "housefull.v1";
const PING_EVERY_MS = 25_000;
// A few pings soon after connecting: the clock needs one that met no queue.
const FIRST_PINGS_MS = [0, 300];
const PING_ON_AFTER_MS = 900;
const PONG_WITHIN_MS = 10_000;
// A younger connection is no recovery, or a server that accepts and drops would be hammered.
const STEADY_AFTER_MS = 5000;

export class Socket {
  #url;
  #resumeFrom;
  #on;
  #env;
  #socket = null;
  #attempt = 0;
  #timers = new Set();
  #pings = new Map();
  #pingsSent = 0;
  #stopped = false;

  /**
   * `url` without query; `resumeFrom()` gives {epoch, version} or null; `on` has frame(frame),
   * pong({sentMs, receivedMs, serverMs}) and state(name, detail, code): "connecting", "open", "waiting", "stopped".
   * `env` may bring a token, waits(attempt, random), and knock(attempt): whether the house answers, to be asked first.
   */
  constructor({ url, resumeFrom, on, env = {} }) {
    this.#url = url;
    this.#resumeFrom = resumeFrom;
    this.#on = on;
    const now = () => performance.now();
    this.#env = { WebSocket: globalThis.WebSocket, random: Math.random, now, waits: waitMs, ...env };
  }

  connect() {
    if (this.#stopped || this.#socket) return;
    this.#clearTimers();
    this.#on.state("connecting");
    const from = this.#resumeFrom();
    const query = from ? `?epoch=${encodeURIComponent(from.epoch)}&version=${from.version}` : "";
    const token = this.#env.token ? [`token.${this.#env.token}`] : [];
    const socket = new this.#env.WebSocket(this.#url + query, [SUBPROTOCOL, ...token]);
    this.#socket = socket;
    socket.onopen = () => this.#opened();
    socket.onmessage = (event) => this.#received(event.data);
    socket.onclose = (event) => socket === this.#socket && this.#closed(event.code);
  }

  /** Something says that the line may be back (online, tab shown): look now instead of waiting. */
  wake() {
    if (this.#stopped) return;
    if (this.#socket?.readyState === 1) this.#ping();
    else if (!this.#socket) {
      this.#attempt = 0;
      this.connect();
    }
  }

  /** The browser says that the line is gone: do not wait for the timeout. */
  drop() {
    if (!this.#socket || this.#stopped) return;
    this.#abandon();
    this.#closed(1006);
  }

  /** Sends a frame; false when there is no open connection. */
  send(frame) {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #opened() {
    this.#on.state("open");
    FIRST_PINGS_MS.forEach((delay) => this.#later(() => this.#ping(), delay));
    this.#later(() => this.#keepPinging(), PING_ON_AFTER_MS);
    this.#later(() => (this.#attempt = 0), STEADY_AFTER_MS);
  }

  #received(text) {
    const frame = JSON.parse(text);
    if (frame.type === "pong") this.#ponged(frame);
    else this.#on.frame(frame);
  }

  #ponged(frame) {
    const sentMs = this.#pings.get(frame.id);
    this.#pings.clear();
    if (sentMs !== undefined) this.#on.pong({ sentMs, receivedMs: this.#env.now(), serverMs: frame.server_ms });
  }

  #closed(code) {
    this.#socket = null;
    this.#clearTimers();
    if (!comesBack(code)) {
      this.#stopped = true;
      this.#on.state("stopped", reasonOf(code), code);
      return;
    }
    const wait = this.#env.waits(this.#attempt, this.#env.random());
    this.#attempt += 1;
    this.#on.state("waiting", wait);
    this.#later(() => (this.#env.knock ? this.#knock() : this.connect()), wait);
  }

  async #knock() {
    const answers = await this.#env.knock(this.#attempt);
    if (this.#stopped || this.#socket) return;
    if (answers) this.connect();
    else this.#closed(1006);
  }

  #ping() {
    const id = `p${(this.#pingsSent += 1)}`;
    const sentMs = this.#env.now();
    if (!this.send({ type: "ping", id, client_ms: Math.round(sentMs) })) return;
    this.#pings.set(id, sentMs);
    this.#later(() => this.#pings.has(id) && this.drop(), PONG_WITHIN_MS);
  }

  #keepPinging() {
    this.#ping();
    this.#later(() => this.#keepPinging(), PING_EVERY_MS);
  }

  #abandon() {
    const socket = this.#socket;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #later(action, delayMs) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, delayMs);
    this.#timers.add(timer);
  }

  #clearTimers() {
    this.#timers.forEach(clearTimeout);
    this.#timers.clear();
    this.#pings.clear();
  }
}
