// Razorpay's own checkout: its script, and its window.

const LOADED_WITHIN_MS = 15_000;

let loading = null;

/** The class `Razorpay` of the script at `url`. Rejects when it cannot be loaded; then it may be tried again. */
export function razorpayFrom(url) {
  loading ??= load(url).catch((error) => {
    loading = null;
    throw error;
  });
  return loading;
}

async function load(url) {
  const script = document.createElement("script");
  script.src = url;
  await new Promise((resolve, reject) => {
    script.onload = resolve;
    script.onerror = () => reject(new Error(`${url} does not load`));
    setTimeout(() => reject(new Error(`${url} takes too long`)), LOADED_WITHIN_MS);
    document.head.append(script);
  });
  if (!globalThis.Razorpay) throw new Error(`${url} is not Razorpay’s checkout`);
  return globalThis.Razorpay;
}

/** Open the window. `on` has paid(handed), failed(error) and dismissed(), the last never after paid. */
export function openWindow(Razorpay, options, on) {
  let isOver = false;
  const modal = new Razorpay({
    ...options,
    handler: (handed) => {
      isOver = true;
      on.paid(handed);
    },
    // Closing it gives the seats back, so a slip of the finger is asked about.
    modal: { confirm_close: true, ondismiss: () => isOver || on.dismissed() },
  });
  modal.on("payment.failed", ({ error }) => on.failed(error));
  modal.open();
  return {
    close() {
      isOver = true;
      modal.close();
    },
  };
}
