// My own hold on this show, as the server last stated it. Every statement is the whole hold, so the newest wins.

/** No seats are mine. */
export const NO_HOLD = Object.freeze({
  booking: null,
  status: "none",
  seats: Object.freeze([]),
  expiresMs: 0,
  amountPaise: 0,
});

// Around the deadline the news of the expiry and the last tick cross on the way.
const DEADLINE_SLACK_MS = 2000;

/** The hold of a `mine` value or a `held` frame; null means none. */
export function holdFrom(mine) {
  if (!mine || !mine.seats.length) return NO_HOLD;
  return Object.freeze({
    booking: mine.booking,
    status: mine.status ?? "pending",
    seats: Object.freeze([...mine.seats]),
    expiresMs: mine.expires_ms,
    amountPaise: mine.amount_paise,
  });
}

/** The hold after `seats` were let go; `priceOf` gives paise for a label. */
export function holdWithout(hold, seats, priceOf) {
  const gone = hold.seats.filter((seat) => seats.includes(seat));
  if (!gone.length) return hold;
  const kept = hold.seats.filter((seat) => !seats.includes(seat));
  if (!kept.length) return NO_HOLD;
  const amountPaise = hold.amountPaise - gone.reduce((sum, seat) => sum + priceOf(seat), 0);
  return Object.freeze({ ...hold, seats: Object.freeze(kept), amountPaise });
}

/** Whole milliseconds left, never below 0. */
export function remainingMs(hold, nowMs) {
  return hold.seats.length ? Math.max(0, hold.expiresMs - nowMs) : 0;
}

/** Why a hold that was there is gone: "kept", "ended" by its deadline, "released" by me, or "elsewhere". */
export function whatBecame(before, after, { nowMs, releasing }) {
  if (!before.seats.length || after.seats.length) return "kept";
  if (before.status === "confirmed") return "kept";
  if (releasing) return "released";
  return nowMs >= before.expiresMs - DEADLINE_SLACK_MS ? "ended" : "elsewhere";
}

// Seconds left at which the time is said aloud.
const MILESTONES_SECONDS = [30, 60, 120, 300, 600];

/** The milestone passed between two readings of the time left, in seconds, or null; nothing left is no milestone. */
export function milestonePassed(beforeMs, afterMs) {
  return MILESTONES_SECONDS.find((at) => afterMs > 0 && beforeMs > at * 1000 && afterMs <= at * 1000) ?? null;
}
