// What every page of a screen has: the server's clock, its look, its night, its slow drift, and what staff tells it.

import { afterSleep, newClock, serverNow, withHint, withSample } from "../../model/clock.js";
import { shiftAt } from "../model/rest.js";
import { isNight } from "../model/time.js";
import { wordsOf } from "../model/words.js";
import { leaveFor } from "../net/leave.js";
import { stayAwake } from "../view/awake.js";
import { forgetToken, token } from "./token.js";

const TICK_MS = 1000;
// Before a page that was sent away asks where it belongs: it must not run in circles.
const ASK_AGAIN_MS = 5000;

export class Screen {
  #clock = newClock();
  #data;
  #onTick;
  #isMeasured = false;
  #reloads = null;
  #last = { wallMs: Date.now(), monotonicMs: performance.now() };

  /** `data` is what the page came with; `onTick()` is called every second. */
  constructor(data, { onTick }) {
    this.#data = data;
    this.#onTick = onTick;
    this.token = token();
    this.look = data.look;
    if (data.server_ms) this.heardServerTime(data.server_ms);
  }

  get words() {
    return wordsOf(this.look.language);
  }

  start() {
    stayAwake();
    this.#show();
    this.#tick();
    setInterval(() => this.#tick(), TICK_MS);
  }

  nowMs() {
    return serverNow(this.#clock, performance.now());
  }

  heardServerTime(serverMs) {
    this.#clock = withHint(this.#clock, { receivedMs: performance.now(), serverMs });
  }

  /** The line is back: whatever answers now is asked for its time anew, and what is known serves until it answers. */
  lineIsBack() {
    this.#isMeasured = false;
  }

  measuredClock(sample) {
    this.#clock = withSample(this.#isMeasured ? this.#clock : newClock(), sample);
    this.#isMeasured = true;
  }

  /** Staff has said what this screen is. Returns whether this page is still the right one. */
  isTold(device) {
    this.look = { theme: device.theme, language: device.language, night: device.night };
    this.#show();
    if (this.#reloads !== null && device.reloads > this.#reloads) leaveFor(location.href);
    this.#reloads = device.reloads;
    return device.place.theatre === this.#data.theatre;
  }

  /** This page is not what the screen should show, or its token is worth nothing: ask where it belongs. */
  goAndAsk({ isRevoked = false } = {}) {
    if (isRevoked) forgetToken();
    setTimeout(() => leaveFor(this.#data.kiosk), isRevoked ? 0 : ASK_AGAIN_MS);
  }

  go(path) {
    leaveFor(path);
  }

  #show() {
    document.documentElement.dataset.theme = this.look.theme;
    document.documentElement.lang = this.look.language === "hi" ? "hi-IN" : "en-IN";
    for (const place of document.querySelectorAll("[data-word]")) place.textContent = this.words[place.dataset.word];
  }

  #tick() {
    const now = { wallMs: Date.now(), monotonicMs: performance.now() };
    const { wallMs, monotonicMs } = this.#last;
    this.#last = now;
    this.#clock = afterSleep(this.#clock, {
      wallElapsedMs: now.wallMs - wallMs,
      monotonicElapsedMs: now.monotonicMs - monotonicMs,
    });
    this.#rest();
    this.#onTick();
  }

  #rest() {
    const nowMs = this.nowMs();
    if (Number.isNaN(nowMs)) return;
    const { x, y } = shiftAt(nowMs);
    const root = document.documentElement;
    root.style.setProperty("--shift-x", `${x}vmin`);
    root.style.setProperty("--shift-y", `${y}vmin`);
    root.dataset.night = this.#data.zone && isNight(nowMs, this.#data.zone, this.look.night) ? "dim" : "";
  }
}
