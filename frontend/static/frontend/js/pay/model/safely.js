// How long a payment may take, and what there is to say about the time left for it. All in milliseconds.

// Razorpay's window closes so long before the hold ends: a payment in the last second would come too late.
export const CLOSES_EARLY_MS = 15_000;
// With less than this left nobody can type a card number.
export const TOO_LITTLE_MS = 20_000;

/** Razorpay's `timeout`, in seconds, for a hold with so much left; 0: too little to begin. */
export function timeoutSeconds(leftMs) {
  return leftMs < TOO_LITTLE_MS ? 0 : Math.floor((leftMs - CLOSES_EARLY_MS) / 1000);
}

/** Why the window was closed: by its own timeout, near the end of the hold, or by its reader. */
export function reasonClosed(leftMs) {
  return leftMs <= CLOSES_EARLY_MS + 1000 ? "timer" : "dismiss";
}
