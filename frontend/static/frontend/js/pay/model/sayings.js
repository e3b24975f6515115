// What the payment page says: what happened, what it means for the seats, what to do next.

import { span } from "../../model/words.js";

export const CHECKING = {
  title: "We are checking your payment",
  text: "This takes a few seconds. Please do not pay again: nothing is lost while this page looks.",
};
export const CHECKING_LONG = {
  title: "We are still checking your payment",
  text: "The answer takes longer than usual. If you paid, your seats are safe: this page goes on looking, and you may also come back to it later. Please do not pay again.",
};
export const UNKNOWN = {
  title: "We are checking your payment",
  text: "You may have paid just before this page was opened again. If you approved it in your UPI app, wait here: it shows by itself.",
};
export const GIVING_BACK = { title: "Giving your seats back", text: "One moment." };
export const OPENING = { title: "Opening the payment", text: "One moment." };
export const LEAVING = { title: "One moment", text: "Taking you on." };

const KEPT = (leftMs) => `Your seats stay held for ${span(leftMs)}.`;

/** A payment failed; `error` is Razorpay's. */
export function failed(error, leftMs) {
  const why = error?.description ? ` Razorpay says: “${error.description}”` : "";
  return `The payment did not go through. ${KEPT(leftMs)} Try again, or use another card or app.${why}`;
}

const REFUSED = {
  checkout_in_progress: "Your payment is being opened in another tab.",
  rate_limited: "That was a little too fast.",
  not_ready: "Payments cannot be taken for a moment.",
  outcome_unknown: "Razorpay did not answer in time.",
};

/** The payment could not be opened. */
export function notOpened({ code, detail }, leftMs) {
  const why = code === "bad_request" ? detail : (REFUSED[code] ?? "We could not reach the cinema.");
  return `${why} Nothing was charged. ${KEPT(leftMs)} Try again.`;
}

export function noWindow(leftMs) {
  return `Razorpay’s payment window could not be loaded: a blocker or a weak connection may be in its way. ${KEPT(leftMs)} Try again.`;
}

export const TOO_LITTLE = "Too little time is left to pay safely. When the hold ends, you can start a new booking.";
export const NOT_CANCELLED = "That did not reach the cinema. Check your connection and try again.";
export const NOT_CHANGED = "We could not go back to the seats just now. They are still held: try again.";
