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

  // Actions

  show(name, detail) {
    clearTimeout(this.#timer);
    const isBreak = name === "waiting" || name === "connecting";
    if (isBreak && this.#wasOpen) this.#timer = setTimeout(() => this.#draw("waiting"), QUIET_BREAK_MS);
    else this.#draw(name, detail);
    if (name === "open") this.#wasOpen = true;
  }

  delayed(isDelayed) {
    this.#delayed.hidden = !isDelayed;
  }

  // Internal

  #draw(name, detail) {
    this.#line.dataset.line = STYLES[name];
    this.#line.firstElementChild.textContent = WORDS[name];
    if (name === "waiting") this.#wasOpen = false;
    this.#stopped.hidden = name !== "stopped";
    if (name === "stopped") this.#stopped.textContent = detail;
  }
}
