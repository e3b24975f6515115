// The state of the connection: a live dot, and a word when it is anything else.

const WORDS = { connecting: "Connecting…", open: "Live", waiting: "Reconnecting…", stopped: "Not live" };
const STYLES = { connecting: "connecting", open: "live", waiting: "connecting", stopped: "stopped" };
// A short break is nobody's business; a longer one is said.
const QUIET_BREAK_MS = 1500;

export class Line {
  #line = document.getElementById("line");
  #delayed = document.getElementById("delayed");
  #stopped = document.getElementById("stopped");
  #wasOpen = false;
  #timer = null;

  show(name, detail) {
    const isBreak = name === "waiting" || name === "connecting";
    // The first try of a break starts the clock; the next ones do not set it back.
    if (isBreak && this.#wasOpen) this.#timer ??= setTimeout(() => this.#draw("waiting"), QUIET_BREAK_MS);
    else this.#draw(name, detail);
    if (name === "open") this.#wasOpen = true;
  }

  delayed(isDelayed) {
    this.#delayed.hidden = !isDelayed;
  }

  #draw(name, detail) {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#line.dataset.line = STYLES[name];
    this.#line.firstElementChild.textContent = WORDS[name];
    if (name === "waiting") this.#wasOpen = false;
    this.#stopped.hidden = name !== "stopped";
    if (name === "stopped") this.#stopped.textContent = detail;
  }
}
