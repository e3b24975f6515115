// The merchant's page around this frame: who may speak to us, and what we tell it.

let origin = null;

/** Call `onOpen` once with the options, `onEscape` whenever Escape was pressed outside of the frame. */
export function listen({ onOpen, onEscape }) {
  window.addEventListener("message", (message) => {
    if (message.source !== window.parent) return;
    const { razorpay: kind, options, dark } = message.data ?? {};
    if (kind === "open" && origin === null) {
      // From now on only this origin is told anything.
      origin = message.origin;
      onOpen(options, dark);
    }
    if (kind === "escape" && message.origin === origin) onEscape();
  });
  // Nothing secret is in it, and the origin of whoever embeds this is not known yet.
  window.parent.postMessage({ razorpay: "ready" }, "*");
}

/** Tell the merchant's page: `success`, `failed` or `dismiss`. */
export function tell(kind, said = {}) {
  if (origin !== null) window.parent.postMessage({ razorpay: kind, ...said }, origin);
}
