// What a reply of the house means at the door: a kind (in, no, again), one word, and words to read out. Pure.

const REFUSALS = {
  already_admitted: "Already in",
  wrong_show: "Wrong show",
  cancelled: "Cancelled",
  refunded: "Refunded",
  replaced: "Replaced",
  too_early: "Too early",
  show_over: "Show over",
  forged: "Forged",
  not_found: "Not found",
};

// Longer than any reply takes to get lost and be asked for again.
const LOST_MS = 20_000;

/**
 * `reply` is {status, body}; `wasLost` says that an earlier try of the same scan got no answer. Then "already in, just
 * now, at this gate" is that try's own doing: the person is let in.
 */
export function verdictOf({ status, body }, { gate, wasLost = false }) {
  if (status === 200) return { kind: "in", word: "Let in", words: `Seat ${body.seat}`, seat: body.seat };
  if (wasLost && isOwnDoing(body, gate)) return { kind: "in", word: "Let in", words: `Seat ${body.seat}`, seat: body.seat };
  if (body.code in REFUSALS) {
    return { kind: "no", word: REFUSALS[body.code], words: body.detail, seat: body.seat ?? "" };
  }
  if (status === 0) return { kind: "again", word: "No answer", words: "The house did not answer. Scan it again.", seat: "" };
  if (status === 401) return { kind: "again", word: "Signed out", words: "Sign in again, then scan.", seat: "" };
  return { kind: "again", word: "Try again", words: body.detail ?? "Something went wrong. Scan it again.", seat: "" };
}

function isOwnDoing(body, gate) {
  return body.code === "already_admitted" && body.gate === gate && body.as_of_ms - body.admitted_ms < LOST_MS;
}

/** Of two counts of one door, the one that was counted later. */
export function laterCounts(known, told) {
  return told.as_of_ms >= known.as_of_ms ? { admitted: told.admitted, expected: told.expected, as_of_ms: told.as_of_ms } : known;
}

// Told apart without colour: a tick, a cross in an octagon, a mark in a triangle.
export const SIGNS = {
  none: "M14 4h20a4 4 0 0 1 4 4v32a4 4 0 0 1-4 4H14a4 4 0 0 1-4-4V8a4 4 0 0 1 4-4Zm2 6v24h16V10Z",
  in: "M24 2a22 22 0 1 1 0 44a22 22 0 0 1 0-44ZM20 28l-7-7-4 4 11 11 19-19-4-4Z",
  no: "M15 2h18l13 13v18L33 46H15L2 33V15ZM16 12l-4 4 8 8-8 8 4 4 8-8 8 8 4-4-8-8 8-8-4-4-8 8Z",
  again: "M24 3 47 44H1ZM21 17v14h6V17Zm0 18v5h6v-5Z",
};
