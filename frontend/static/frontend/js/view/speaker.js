// What happened, said once to ears (live regions) and once to eyes (a toast).

const SHOWN_MS = 6000;

export class Speaker {
  #polite = document.getElementById("says");
  #urgent = document.getElementById("alerts");
  #toasts = document.getElementById("toasts");
  #timer = null;

  /** Good to know: ears only, the page shows it already. */
  say(words) {
    speak(this.#polite, words);
  }

  /** What the toast says is over. */
  hush() {
    this.#toasts.replaceChildren();
  }

  /** Changes what the visitor should do next. */
  alert(words) {
    speak(this.#urgent, words);
    const toast = document.createElement("p");
    toast.className = "toast";
    toast.textContent = words;
    this.#toasts.replaceChildren(toast);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => toast.remove(), SHOWN_MS + words.length * 30);
  }
}

// The same words twice are news twice only if the region changes.
function speak(region, words) {
  region.textContent = region.textContent === words ? `${words}\u00a0` : words;
}
