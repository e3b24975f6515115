// Price and state of the seat under the pointer or the focus.

const GAP_PX = 8;

export class Tip {
  #tip = document.getElementById("tip");
  #wordsOf;
  #button = null;
  #index = null;

  /** `wordsOf(index)` gives {title, line}. */
  constructor(wordsOf) {
    this.#wordsOf = wordsOf;
    addEventListener("keydown", (event) => event.key === "Escape" && this.show(null, null));
    document.getElementById("seats").addEventListener("scroll", () => this.show(null, null), { passive: true });
  }

  show(button, index) {
    if (button === this.#button) return;
    this.#button = button;
    this.#index = index;
    this.#tip.hidden = !button;
    if (!button) return;
    this.refresh();
    this.#place();
  }

  /** The words again, for a tip that is open. */
  refresh() {
    if (this.#button === null) return;
    const { title, line } = this.#wordsOf(this.#index);
    const bold = document.createElement("b");
    bold.textContent = title;
    this.#tip.replaceChildren(bold, line);
  }

  #place() {
    const frame = this.#tip.parentElement.getBoundingClientRect();
    const seat = this.#button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.#tip;
    const left = seat.left - frame.left + seat.width / 2 - width / 2;
    const above = seat.top - frame.top - height - GAP_PX;
    const x = Math.max(0, Math.min(left, frame.width - width));
    const y = above < 0 ? seat.bottom - frame.top + GAP_PX : above;
    this.#tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  }
}
