// One usher at one door: a code comes in, the house decides, the verdict is shown until the next one.

import { Asking } from "./asking.js";
import { Camera } from "./camera.js";
import { gateAt, rememberDoor, rememberGate } from "./memory.js";
import { SIGNS, laterCounts } from "./model/verdicts.js";
import { allowSounds, signal } from "./signals.js";
import { Watch } from "./watch.js";

const LISTED = 8;

const part = (id) => document.getElementById(id);

export class DoorPage {
  #data;
  #counts;
  #camera;
  #asking;
  #isAsking = false;

  constructor(data) {
    this.#data = data;
    this.#counts = data.counts;
    this.#asking = new Asking(data.show, (told) => this.#count(told));
    this.#camera = new Camera(part("video"), (code) => this.#scanned(code));
  }

  start() {
    rememberDoor(this.#data.show);
    part("gate").value = gateAt(this.#data.theatre);
    part("gate").addEventListener("change", () => rememberGate(this.#data.theatre, part("gate").value.trim()));
    part("typed").addEventListener("submit", (event) => this.#typed(event));
    part("camera").addEventListener("click", () => this.#startCamera());
    document.addEventListener("pointerdown", allowSounds);
    this.#offerCamera();
    this.#sign("none");
    new Watch(this.#data.show, {
      door: (frame) => this.#door(frame),
      admitted: (frame) => this.#admitted(frame),
      line: (name, words) => this.#line(name, words),
    }).start();
  }

  async #offerCamera() {
    const why = await this.#camera.whyNot();
    part("camera-words").textContent = why;
    part("camera").hidden = why !== "";
  }

  async #startCamera() {
    if (!part("gate").reportValidity()) return;
    const why = await this.#camera.start();
    part("camera-words").textContent = why;
    part("camera").hidden = why === "";
  }

  #scanned(code) {
    if (part("gate").reportValidity()) this.#ask(code);
  }

  async #typed(event) {
    event.preventDefault();
    const verdict = await this.#ask(part("code").value);
    // A slip of the thumb is mended, not typed anew.
    if (verdict?.kind === "in") part("code").value = "";
    part("code").focus();
  }

  async #ask(code) {
    if (this.#isAsking) return null;
    this.#isAsking = true;
    part("let-in").setAttribute("aria-busy", "true");
    const gate = part("gate").value.trim();
    rememberGate(this.#data.theatre, gate);
    const verdict = await this.#asking.about({ code, gate });
    this.#isAsking = false;
    part("let-in").removeAttribute("aria-busy");
    this.#show(verdict);
    return verdict;
  }

  #show({ kind, word, words, seat }) {
    part("verdict").dataset.verdict = kind;
    this.#sign(kind);
    part("verdict-word").textContent = word;
    part("verdict-words").textContent = words;
    part("verdict").classList.remove("told");
    requestAnimationFrame(() => part("verdict").classList.add("told"));
    signal(kind);
    this.#list("scans", [this.#time(Date.now()), seat ? `${seat} ${word.toLowerCase()}` : word]);
  }

  #sign(kind) {
    part("verdict-sign").setAttribute("d", SIGNS[kind]);
    part("verdict-sign").setAttribute("fill-rule", "evenodd");
  }

  #door(frame) {
    this.#count(frame);
    if (frame.recent.length > 0) part("came").replaceChildren();
    for (const { seat, gate, at_ms } of frame.recent.toReversed()) this.#list("came", [this.#time(at_ms), `${seat}, gate ${gate}`]);
  }

  #admitted(frame) {
    this.#count(frame);
    this.#list("came", [this.#time(frame.at_ms), `${frame.seat}, gate ${frame.gate}`]);
  }

  #count(told) {
    this.#counts = laterCounts(this.#counts, told);
    part("admitted").textContent = this.#counts.admitted;
    part("expected").textContent = this.#counts.expected;
    part("share").max = Math.max(this.#counts.expected, 1);
    part("share").value = this.#counts.admitted;
  }

  #line(name, words) {
    part("door").dataset.line = name;
    part("line").textContent = words;
  }

  #time(ms) {
    return new Date(ms).toLocaleTimeString("en-GB", { timeZone: this.#data.zone, hour: "2-digit", minute: "2-digit" });
  }

  #list(id, words) {
    part(id).querySelector(".soft")?.remove();
    const line = document.createElement("li");
    line.append(...words.map((word) => Object.assign(document.createElement("span"), { textContent: word })));
    part(id).prepend(line);
    while (part(id).children.length > LISTED) part(id).lastChild.remove();
  }
}
