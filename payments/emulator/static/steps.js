// The steps after the first: OTP, phone, bank page, outcome. Each is built from what it shows and what it calls.

import { badge, el, field } from "./dom.js";

function step(title, head, body, ...buttons) {
  const heading = el("h2", { tabindex: "-1" }, title);
  const root = el("div", { class: "step" },
    el("div", { class: "scroll" }, el("div", { class: "centre" }, head, heading, ...body)),
    buttons.length ? el("div", { class: "foot" }, ...buttons) : null);
  return { root, heading };
}

const button = (text, kind, onclick) => el("button", { type: "button", class: `button ${kind}`, onclick }, text);

/** Short words while something is asked. */
export function busyStep(title) {
  return step(title, badge("wait", "busy"), [el("p", {}, "Please keep this window open.")]);
}

/** The OTP of a card. */
export function otpStep({ contact, onOtp, onCancel }) {
  const otp = field("One-time password", {
    id: "otp", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 10, pattern: "[0-9]*",
  });
  const to = contact ? `the phone ending in ${contact.slice(-4)}` : "your phone";
  const made = step("Enter the OTP", badge("key"), [
    el("p", {}, `Your bank sent it to ${to}.`),
    otp.root,
    el("p", { class: "hint" }, "Nothing was really sent. In test mode 4 to 10 digits succeed, fewer fail."),
  ], el("button", { class: "button main", type: "submit" }, "Confirm payment"),
  button("Cancel this payment", "quiet", onCancel));
  const root = el("form", { class: "step", novalidate: true, onsubmit: (event) => {
    event.preventDefault();
    if (otp.complain(/^\d+$/.test(otp.value) ? null : "Enter the digits of the OTP.")) onOtp(otp.value);
    else otp.input.focus();
  } }, ...made.root.childNodes);
  return { root, heading: made.heading, first: otp.input };
}

/** A UPI request that waits for its approval. */
export function phoneStep({ vpa, amount, onCancel }) {
  return step("Approve on your phone", badge("phone", "busy"), [
    el("p", {}, "A request for ", el("span", { class: "strong" }, amount), " was sent to ",
      el("span", { class: "strong" }, vpa), "."),
    el("p", {}, "It stays there for 10 minutes, even if you close this window."),
  ], el("a", { class: "button", href: "/phone", target: "_blank", rel: "noopener" }, "Open the emulated phone"),
  button("Cancel this payment", "quiet", onCancel));
}

/** The page of a bank, as netbanking opens one. */
export function bankStep({ bank, amount, onDecide }) {
  return step(bank, badge("netbanking"), [
    el("p", {}, "An emulated bank page. Shall the payment of ", el("span", { class: "strong" }, amount),
      " succeed?"),
  ], button("Success", "main", () => onDecide(true)), button("Failure", "", () => onDecide(false)));
}

/** What went wrong, and what to do now. */
export function failedStep({ error, onRetry, onClose }) {
  return step("Payment failed", badge("cross", "bad"), [
    el("p", { class: "why" }, error.description),
    el("p", {}, "No money has left your account."),
  ], ...(onRetry ? [button("Try again", "main", onRetry)] : []), button("Close", onRetry ? "quiet" : "main", onClose));
}

/** Nothing can be paid here. */
export function refusedStep({ refused, onClose }) {
  return step("This cannot be paid", badge("cross", "bad"), [el("p", { class: "why" }, refused.description)],
    button("Close", "main", onClose));
}

/** It is done. */
export function paidStep({ amount, paymentId }) {
  return step("Payment successful", badge("tick", "good"), [
    el("p", { class: "strong" }, amount),
    el("p", { class: "hint" }, paymentId),
  ]);
}

/** Whether to leave. */
export function leaveStep({ onPhone, onStay, onLeave }) {
  const text = onPhone
    ? "The request stays on your phone: if you approve it there, you pay."
    : "The payment is not complete. Leaving now ends it.";
  return step("Leave the payment?", badge("cross"), [el("p", {}, text)],
    button("Continue paying", "main", onStay), button("Yes, leave", "quiet", onLeave));
}
