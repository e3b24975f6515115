// How somebody came to a payment page, and what that means for his booking (docs/refresh-and-cancel.md).

/**
 * What to do on arrival: "verify" what Razorpay handed over before, "cancel" as a refresh does, "check" whether an
 * attempt of before was paid, or let him "pay".
 *
 * `type` is the navigation's (PerformanceNavigationTiming); `wasDiscarded` whether the browser had put the tab away to
 * save memory; `mark` what this tab remembers of the booking, null in a tab that has not shown it; `policy` is
 * REFRESH_POLICY.
 */
export function onArrival({ type, wasDiscarded, mark, policy }) {
  if (mark?.handed) return "verify";
  if (isRefresh({ type, wasDiscarded, mark }) && policy === "cancel") return "cancel";
  return mark?.paying ? "check" : "pay";
}

/**
 * Whether this is a refresh of a page that this tab has shown. A discarded tab comes back as a reload too: some
 * browsers say so; in the others the page was hidden when it was last heard of, and never left.
 */
export function isRefresh({ type, wasDiscarded, mark }) {
  return type === "reload" && mark !== null && !wasDiscarded && !mark.asleep;
}
