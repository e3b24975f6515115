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

/** The verdict on a reply: {status, body}. */
export function verdictOf({ status, body }) {
  if (status === 200) return { kind: "in", word: "Let in", words: `Seat ${body.seat}`, seat: body.seat };
  if (body.code in REFUSALS) {
    return { kind: "no", word: REFUSALS[body.code], words: body.detail, seat: body.seat ?? "" };
  }
  if (status === 0) return { kind: "again", word: "No answer", words: "The house did not answer. Scan it again.", seat: "" };
  if (status === 401) return { kind: "again", word: "Signed out", words: "Sign in again, then scan.", seat: "" };
  return { kind: "again", word: "Try again", words: body.detail ?? "Something went wrong. Scan it again.", seat: "" };
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
