// What was asked and not yet answered. A request keeps its idempotency key, so that asking again after a
// lost connection can never hold twice.

// After this long without an answer the seat stops pretending; the map itself will tell the truth.
const ANSWER_WITHIN_MS = 8000;
const TRIES_MAX = 3;

export function noRequests() {
  return { next: 1, open: [] };
}

/** With one more request: {requests, request}. `frame` is what is sent, without its id. */
export function ask(requests, frame, { nowMs, key }) {
  const id = String(requests.next);
  const keyed = frame.type === "release" ? frame : { ...frame, idempotency_key: key };
  const request = { id, frame: { ...keyed, id }, askedMs: nowMs, tries: 1 };
  return { requests: { next: requests.next + 1, open: [...requests.open, request] }, request };
}

/** Without the request of that id: {requests, request}; request is undefined when it is not ours. */
export function settle(requests, id) {
  const request = requests.open.find((known) => known.id === id);
  return { requests: { ...requests, open: requests.open.filter((known) => known.id !== id) }, request };
}

/** With one more try of the request of that id: {requests, request}; no request when it was tried enough. */
export function again(requests, id) {
  const tried = requests.open.find((known) => known.id === id);
  if (!tried || tried.tries >= TRIES_MAX) return { requests, request: undefined };
  const request = { ...tried, tries: tried.tries + 1 };
  const open = requests.open.map((known) => (known === tried ? request : known));
  return { requests: { ...requests, open }, request };
}

/** Requests nobody has answered in time. */
export function overdue(requests, nowMs) {
  return requests.open.filter((request) => nowMs - request.askedMs >= ANSWER_WITHIN_MS);
}

/** Labels that are being asked for with `type` ("hold" or "release"). */
export function seatsAsked(requests, type) {
  return requests.open.filter(({ frame }) => frame.type === type).flatMap(({ frame }) => frame.seats ?? []);
}
