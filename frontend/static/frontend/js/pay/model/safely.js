// How long a payment may take, and what there is to say about the time left for it. All in milliseconds.

// Razorpay's window closes so long before the hold ends: a payment in the last second would come too late.
export const CLOSES_EARLY_MS = 15_000;
// With less than this left nobody can type a card number.
export const TOO_LITTLE_MS = 20_000;
// Of a hold that is made short, to be watched, no more than these parts: else it could never be paid.
const CLOSES_EARLY_PART = 10;
const TOO_LITTLE_PART = 5;

const closesEarlyMs = (holdMs) => Math.min(CLOSES_EARLY_MS, holdMs / CLOSES_EARLY_PART);

/** Razorpay's `timeout`, in seconds, with so much left of a hold of that length; 0: too little to begin. */
export function timeoutSeconds(leftMs, holdMs) {
  const tooLittleMs = Math.min(TOO_LITTLE_MS, holdMs / TOO_LITTLE_PART);
  return leftMs < tooLittleMs ? 0 : Math.floor((leftMs - closesEarlyMs(holdMs)) / 1000);
}

/** Why the window was closed: by its own timeout, near the end of the hold, or by its reader. */
export function reasonClosed(leftMs, holdMs) {
  return leftMs <= closesEarlyMs(holdMs) + 1000 ? "timer" : "dismiss";
}
