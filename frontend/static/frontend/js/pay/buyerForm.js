// The form that asks who pays. What it knows is kept in the browser only if its owner wants that.

import { complaints, tidy } from "./model/buyer.js";

const KEPT_AS = "housefull.buyer";
const FIELDS = ["name", "email", "phone"];

export class BuyerForm {
  #form = document.getElementById("buyer");
  #keep = document.getElementById("keep");

  constructor(submitted) {
    this.#fill();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const buyer = this.#read();
      if (!this.#complain(buyer)) return;
      this.#remember(buyer);
      submitted(tidy(buyer));
    });
    for (const name of FIELDS) {
      const input = this.#input(name);
      // Nobody is corrected while he types; what was wrong is right as soon as it is.
      input.addEventListener("change", () => input.value && this.#show(name, complaints(this.#read())[name]));
      input.addEventListener("input", () => complaints(this.#read())[name] || this.#show(name, ""));
    }
  }

  #input(name) {
    return this.#form.elements[name];
  }

  #read() {
    return Object.fromEntries(FIELDS.map((name) => [name, this.#input(name).value.trim()]));
  }

  #complain(buyer) {
    const wrong = complaints(buyer);
    for (const name of FIELDS) this.#show(name, wrong[name]);
    const first = FIELDS.find((name) => wrong[name]);
    if (first) this.#input(first).focus();
    return !first;
  }

  #show(name, complaint) {
    const input = this.#input(name);
    input.ariaInvalid = complaint ? "true" : null;
    document.getElementById(`${name}-wrong`).textContent = complaint;
  }

  #fill() {
    const kept = readKept();
    this.#keep.checked = kept !== null;
    for (const name of FIELDS) this.#input(name).value ||= kept?.[name] ?? "";
  }

  #remember(buyer) {
    try {
      if (this.#keep.checked) localStorage.setItem(KEPT_AS, JSON.stringify(buyer));
      else localStorage.removeItem(KEPT_AS);
    } catch {
      // A browser that keeps nothing: he types it again next time.
    }
  }
}

function readKept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT_AS));
  } catch {
    return null;
  }
}
