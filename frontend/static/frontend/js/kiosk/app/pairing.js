// A screen that does not know yet what it is: shows a code until somebody has entered it, then starts by itself.

import { leaveFor } from "../net/leave.js";
import { forgetToken, keepToken, token } from "./token.js";
import { stayAwake } from "../view/awake.js";

const LOOK_MS = 1000;
const AGAIN_MS = 3000;
// A code is shown in two halves: that is how people read it aloud.
const HALF = 3;

export class Pairing {
  #data;
  #code = document.getElementById("code");
  #hint = document.getElementById("hint");
  #secret = null;

  constructor(data) {
    this.#data = data;
  }

  async start() {
    stayAwake();
    this.#secret = token();
    if (this.#secret) this.#hint.hidden = false;
    for (;;) {
      await this.#step();
    }
  }

  // One look, or one new code. Whatever the line does, the next step tries again.
  async #step() {
    try {
      if (!this.#secret) await this.#begin();
      else await this.#look();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // fetch's word for a line that is down
      this.#hint.hidden = false;
      await pause(AGAIN_MS);
    }
  }

  async #begin() {
    const reply = await fetch(this.#data.begin, { method: "POST" });
    if (!reply.ok) return pause(AGAIN_MS);
    const { code, secret } = await reply.json();
    // In memory only: it is this screen's token once it is paired, and until then nobody's.
    this.#secret = secret;
    this.#show(code);
  }

  async #look() {
    const reply = await fetch(this.#data.state, { headers: { Authorization: `Bearer ${this.#secret}` } });
    this.#hint.hidden = reply.ok || reply.status === 404;
    if (reply.status === 404) return this.#forget();
    if (!reply.ok) return pause(AGAIN_MS);
    const { status, path } = await reply.json();
    if (status !== "paired") return pause(LOOK_MS);
    keepToken(this.#secret);
    await leaveFor(path);
    return pause(AGAIN_MS);
  }

  #forget() {
    this.#secret = null;
    forgetToken();
  }

  #show(code) {
    this.#hint.hidden = true;
    this.#code.replaceChildren(part(code.slice(0, HALF)), part(code.slice(HALF)));
  }
}

function part(text) {
  const half = document.createElement("span");
  half.textContent = text;
  return half;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
