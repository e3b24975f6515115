// The emulator's checkout.js: the class `Razorpay` as the real one has it. Not a bank; no money moves.
//
// Owns the frame over the merchant's page and the conversation with it. What the buyer sees is in the frame
// (modal.js). Both sides believe a message only from the other's window and origin.

(() => {
  "use strict";
  const gateway = new URL(document.currentScript.src).origin;
  const TOLD = ["key", "amount", "currency", "name", "description", "image", "order_id", "prefill", "notes",
    "theme", "timeout", "retry", "readonly", "hidden", "config"];
  const MODAL_DEFAULTS = { escape: true, backdropclose: false, confirm_close: false, ondismiss: null };
  const TITLE = "Checkout (test mode, not a bank)";
  let opened = null;

  class Razorpay {
    #options;
    #modal;
    #listeners = new Map();
    #frame = null;
    #hadFocus = null;
    #overflow = "";

    constructor(options) {
      if (!options || !options.key) throw new Error("No key passed");
      this.#options = options;
      this.#modal = { ...MODAL_DEFAULTS, ...options.modal };
    }

    /** Call `listener` on `payment.failed`, once for each failed attempt. */
    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
      return this;
    }

    /** Show the checkout. One that is open already, of any instance, stays the only one. */
    open() {
      if (opened) return this;
      opened = this;
      this.#hadFocus = document.activeElement;
      this.#overflow = document.documentElement.style.overflow;
      document.documentElement.style.overflow = "hidden";
      this.#frame = document.createElement("iframe");
      this.#frame.src = `${gateway}/checkout/modal`;
      this.#frame.title = TITLE;
      this.#frame.className = "razorpay-checkout-frame";
      this.#frame.allow = "payment";
      Object.assign(this.#frame.style, {
        position: "fixed", inset: "0", width: "100%", height: "100%", border: "0",
        // A frame of another colour scheme than its element would not be transparent.
        zIndex: "2147483647", background: "transparent", colorScheme: "light",
      });
      window.addEventListener("message", this.#hear);
      window.addEventListener("focusin", this.#keepFocus);
      window.addEventListener("keydown", this.#passEscape);
      document.body.append(this.#frame);
      return this;
    }

    /** Close the checkout. A request that is on the buyer's phone already stays there. */
    close() {
      if (this.#frame) this.#leave(() => this.#modal.ondismiss?.());
    }

    #hear = (message) => {
      if (message.origin !== gateway || message.source !== this.#frame?.contentWindow) return;
      const { razorpay: kind, ...said } = message.data ?? {};
      if (kind === "ready") this.#begin();
      if (kind === "failed") this.#emit("payment.failed", { error: said.error });
      if (kind === "success") this.#leave(() => this.#options.handler?.(said.response));
      if (kind === "dismiss") this.#leave(() => this.#modal.ondismiss?.(said.reason));
    };

    #begin() {
      const told = {};
      for (const name of TOLD) if (this.#options[name] !== undefined) told[name] = this.#options[name];
      const { escape, backdropclose, confirm_close } = this.#modal;
      told.modal = { escape, backdropclose, confirm_close };
      const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
      // Notes or a theme may be proxies of a framework; what cannot be cloned is not told.
      const plain = JSON.parse(JSON.stringify(told));
      this.#frame.contentWindow.postMessage({ razorpay: "open", options: plain, dark }, gateway);
      this.#frame.focus();
    }

    #emit(event, payload) {
      for (const listener of this.#listeners.get(event) ?? []) listener(payload);
    }

    #keepFocus = (event) => {
      if (this.#frame && event.target !== this.#frame) this.#frame.focus();
    };

    #passEscape = (event) => {
      if (event.key !== "Escape" || !this.#frame) return;
      this.#frame.contentWindow.postMessage({ razorpay: "escape" }, gateway);
    };

    #leave(then) {
      window.removeEventListener("message", this.#hear);
      window.removeEventListener("focusin", this.#keepFocus);
      window.removeEventListener("keydown", this.#passEscape);
      this.#frame.remove();
      this.#frame = null;
      opened = null;
      document.documentElement.style.overflow = this.#overflow;
      this.#hadFocus?.focus?.();
      then();
    }
  }

  window.Razorpay = Razorpay;
})();
