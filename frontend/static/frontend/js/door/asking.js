// Asking about scans until there is an answer, by keys that outlive a lost one and a reload of the page.

import { newKey } from "../net/keys.js";
import { ask } from "../pay/calls.js";
import { rememberUnanswered, unansweredAt } from "./memory.js";
import { answered, askAbout } from "./model/scans.js";
import { verdictOf } from "./model/verdicts.js";

const TRIES = 3;
const RETRY_MS = 600;

export class Asking {
  #show;
  #onCounts;
  #unanswered;

  /** `onCounts(body)` is called with each answer that counts who is in. */
  constructor(show, onCounts) {
    this.#show = show;
    this.#onCounts = onCounts;
    this.#unanswered = unansweredAt(show);
  }

  /** The verdict on a scan; "again" when nothing was heard. */
  async about({ code, gate }) {
    const scan = { show: this.#show, code, gate };
    const { scans, key } = askAbout(this.#unanswered, scan, newKey());
    // Before it is asked: a page may be reloaded, or thrown away, at any moment.
    this.#keep(scans);
    const verdict = await this.#insist(scan, key);
    if (verdict.kind !== "again") this.#keep(answered(this.#unanswered, scan));
    return verdict;
  }

  async #insist(scan, key) {
    for (let attempt = 1; ; attempt += 1) {
      const reply = await ask("POST", "/api/v1/checkin", scan, { key });
      if (reply.body.as_of_ms) this.#onCounts(reply.body);
      const isLost = reply.status === 0 || reply.status >= 500;
      if (!isLost || attempt === TRIES) return verdictOf(reply);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * attempt));
    }
  }

  #keep(unanswered) {
    this.#unanswered = unanswered;
    rememberUnanswered(this.#show, unanswered);
  }
}
