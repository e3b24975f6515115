// What the page says: what happened, what it means for you, what to do next. Plain and exact.

/** "F7", "F7 and F8", "F7, F8 and F9". */
export function list(seats) {
  if (seats.length < 2) return seats.join("");
  return `${seats.slice(0, -1).join(", ")} and ${seats.at(-1)}`;
}

/** 581000 → "9:41"; rounded up, so that 0:00 means over. */
export function countdown(ms) {
  const seconds = Math.ceil(ms / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/** 581000 → "10 minutes"; below a minute in seconds. */
export function span(ms) {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} second${seconds === 1 ? "" : "s"}`;
  const minutes = Math.round(seconds / 60);
  return `${minutes} minute${minutes === 1 ? "" : "s"}`;
}

/** What to try instead of a lost seat. */
export function suggestion({ beside, near }) {
  const offered = beside.length ? beside : near;
  if (!offered.length) return "Choose another seat, or let us find the best ones left.";
  return `${list(offered)} ${offered.length > 1 ? "are" : "is"} free ${beside.length ? "beside it" : "close by"}.`;
}

/** A seat went to somebody else. */
export function taken(seats, neighbours) {
  const what = `${list(seats)} ${seats.length > 1 ? "were" : "was"} taken a second ago.`;
  return `${what} ${suggestion(neighbours)}`;
}

// A wait this short is over before it is read.
const SHORT_WAIT_MS = 1500;

const REFUSALS = {
  too_many_seats: ({ seatsMax }) =>
    `One person can hold ${seatsMax} seats of a show at most. Let one go to take another.`,
  hold_expired: () => "Your hold ended just before this. The seats are back on the map: choose again.",
  checkout_started: () =>
    "Your payment has begun, so these seats are fixed. Finish paying, or cancel there to choose again.",
  booking_confirmed: () => "These seats are already booked for you. Nothing to do here.",
  sales_closed: ({ detail }) => detail || "Booking for this show is closed. Nothing was held.",
  identity_required: () => "This page lost track of who you are. Reload it, then choose again.",
  rate_limited: ({ waitMs, detail }) => {
    if (waitMs <= SHORT_WAIT_MS) return "A little too fast. Try that again.";
    return `${detail || "That was a lot in a short time."} You can hold again in ${span(waitMs)}.`;
  },
  not_ready: () => "The seat map is being restored. Nothing was held. Try again in a few seconds.",
  outcome_unknown: () =>
    "We could not learn whether the seat was held. If it turns amber, it is yours; otherwise try again.",
  in_progress: () => "That request is still being worked on. Give it a second.",
};

/** A refused request in kind words. `context` carries seatsMax, waitMs, detail, seats, neighbours. */
export function refusal(code, context) {
  if (code === "seats_unavailable") {
    if (context.seats.length) return taken(context.seats, context.neighbours);
    return "There are not that many seats left together or apart. Try fewer, or another price.";
  }
  return REFUSALS[code]?.(context) ?? (context.detail || "That did not work, and nothing was held. Try again.");
}

const STATE_WORDS = {
  available: "available",
  mine: "held for you",
  pending: "asking for it",
  booked: "booked",
  blocked: "not for sale",
  unknown: "not known yet",
};

/** The state of a seat as it is said; `leftMs` is the time left of somebody else's hold. */
export function stateWords(state, leftMs) {
  if (state !== "held") return STATE_WORDS[state];
  return leftMs > 0 ? `held by someone for ${countdown(leftMs)} more` : "held by someone, about to end";
}

/** My seats, just held: `reason` names them and says how they were chosen; `count` and `price` are of the whole hold. */
export function held(seats, { reason, count, price, leftMs }) {
  const what = reason ? `Held for you. ${reason}` : `${list(seats)} held for you.`;
  return `${what} ${count > seats.length ? `${count} seats, ` : ""}${price}, ${span(leftMs)} left.`;
}

/** My hold is gone; `why` is "ended" or "elsewhere": {title, short, long}. */
export function gone(why, seats) {
  const back = `${list(seats)} went back on sale.`;
  const them = seats.length > 1 ? "them" : "it";
  if (why === "elsewhere") {
    const long = `${back} That was asked for in another window or on the payment page.`;
    return { title: "Your seats were let go", short: `${back} That was done in another window.`, long };
  }
  const again = `If nobody takes ${them} first, you can hold ${them} again.`;
  const long = `The time to pay is over. ${back} ${again}`;
  return { title: "Your hold ended", short: `Your hold ended. ${back}`, long };
}

/** The last minute. */
export function expiring(seats, leftMs) {
  return `${span(leftMs)} left for ${list(seats)}. Go to payment to keep ${seats.length > 1 ? "them" : "it"}.`;
}

/** Nothing came back; `seats` may be unknown. */
export function noAnswer(seats) {
  const about = seats ? ` about ${list(seats)}` : "";
  return `No answer${about} yet. If a seat turns amber it is held for you; otherwise try again.`;
}

export const NO_CONNECTION =
  "There is no connection at the moment, so nothing was held. It comes back by itself; then try again.";

/** HOUSEFULL; `othersHold` seats may still come back. */
export function full(othersHold) {
  if (othersHold <= 0) return "Every seat is sold. Another time may still have some.";
  const held = `${othersHold} ${othersHold === 1 ? "is" : "are"} only held`;
  return `Every seat is taken, but ${held}. If one comes back, it shows here at once.`;
}

export const FULL_HINT =
  "No seat is free just now. Stay, and one that comes back shows here at once, or look at other times.";
