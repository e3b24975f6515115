// Time in the replay: where it stands, whether it runs and how fast. Buttons, timeline and keys lead here.

import { clock } from "./words.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
// Who asked for less motion gets a new picture this often while it plays.
const CALM_STEP_MS = 500;
const STEP_MS = 1000;
const FINE_STEP_MS = 100;
const PAGE_MS = 10_000;

export class Player {
  #timeline;
  #show;
  #ms = 0;
  #speed = 1;
  #frame = null;
  #last = 0;
  #scrub = document.getElementById("scrub");
  #play = document.getElementById("play");
  #calm = matchMedia("(prefers-reduced-motion: reduce)");

  /** `show(ms, { isPlaying })` paints a moment, and returns it in words for who hears the timeline. */
  constructor(timeline, show) {
    this.#timeline = timeline;
    this.#show = show;
    this.#scrub.max = timeline.length;
    document.getElementById("length").textContent = `of ${clock(timeline.length, { exactly: false })}`;
    const speed = document.getElementById("speed");
    for (const each of SPEEDS) speed.append(new Option(`${each}×`, each, each === 1, each === 1));
    speed.addEventListener("change", () => { this.#speed = Number(speed.value); });
    this.#play.addEventListener("click", () => this.toggle());
    document.getElementById("before").addEventListener("click", () => this.step(-1));
    document.getElementById("after").addEventListener("click", () => this.step(1));
    this.#scrub.addEventListener("input", () => this.seek(Number(this.#scrub.value)));
    this.#scrub.addEventListener("keydown", (event) => this.#scrubKey(event));
    document.getElementById("player").addEventListener("keydown", (event) => this.#key(event));
    this.seek(0);
  }

  /** The moment shown, in milliseconds into the run. */
  get ms() {
    return this.#ms;
  }

  /** Shows a moment; playing goes on from there. */
  seek(ms) {
    this.#to(ms, { isPlaying: false });
    this.#last = performance.now();
  }

  /** To the change before (-1) or after (1), and stops there. */
  step(direction) {
    this.#stop();
    const moment = this.#timeline.momentBeside(this.#ms, direction);
    if (moment !== null) this.seek(moment);
  }

  /** Plays, from the start again when the end was reached, or pauses. */
  toggle() {
    if (this.#frame !== null) return this.#stop();
    if (this.#ms >= this.#timeline.length) this.seek(0);
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
    return this.#sayPlaying(true);
  }

  // Internal

  #tick(now) {
    const since = Math.max(0, now - this.#last);
    if (since >= (this.#calm.matches ? CALM_STEP_MS : 0)) {
      this.#last = now;
      this.#to(this.#ms + since * this.#speed, { isPlaying: true });
    }
    if (this.#ms >= this.#timeline.length) return this.#stop();
    this.#frame = requestAnimationFrame((next) => this.#tick(next));
    return undefined;
  }

  #stop() {
    if (this.#frame === null) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.#sayPlaying(false);
  }

  #sayPlaying(isPlaying) {
    this.#play.dataset.playing = isPlaying ? "yes" : "no";
    document.getElementById("play-word").textContent = isPlaying ? "Pause" : "Play";
  }

  #to(ms, { isPlaying }) {
    this.#ms = Math.min(Math.max(ms, 0), this.#timeline.length);
    this.#scrub.value = this.#ms;
    this.#scrub.parentElement.style.setProperty("--played", this.#ms / this.#timeline.length);
    this.#scrub.ariaValueText = this.#show(this.#ms, { isPlaying: isPlaying && !this.#calm.matches });
  }

  #scrubKey(event) {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const step = event.shiftKey ? FINE_STEP_MS : STEP_MS;
    const moments = {
      ArrowLeft: this.#ms - step, ArrowDown: this.#ms - step, ArrowRight: this.#ms + step, ArrowUp: this.#ms + step,
      PageDown: this.#ms - PAGE_MS, PageUp: this.#ms + PAGE_MS, Home: 0, End: this.#timeline.length,
    };
    if (!(event.key in moments)) return;
    event.preventDefault();
    this.seek(moments[event.key]);
  }

  #key(event) {
    if (event.altKey || event.metaKey || event.ctrlKey || event.target.closest("select")) return;
    if (event.key === ",") this.step(-1);
    else if (event.key === ".") this.step(1);
    else if (event.key === " " && !event.target.closest("button:not(.seat)")) this.toggle();
    else return;
    event.preventDefault();
  }
}
