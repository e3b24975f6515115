// Calls of the house's API, and insisting on an answer.

import { waitMs } from "../model/backoff.js";

const ANSWER_WITHIN_MS = 20_000;

/** Ask once: {status, body}; status 0 when nothing (readable) came back. `key` makes it safe to ask again. */
export async function ask(method, path, body, { key } = {}) {
  try {
    const reply = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), ...(key && { "Idempotency-Key": key }) },
      body: body && JSON.stringify(body),
      cache: "no-store",
      // A cancel or a proof of payment goes out even if the page is left meanwhile.
      keepalive: method === "POST",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return { status: reply.status, body: await reply.json() };
  } catch {
    return { status: 0, body: {} };
  }
}

/** Whether the same request may do better later. */
export function isWorthAnotherTry({ status, body }) {
  return status === 0 || status === 429 || status >= 500 || body.retryable === true;
}

/** Ask until there is an answer that stays: at most `tries` times, or for ever; `between(reply)` before each wait. */
export async function insist(method, path, body, { tries = Infinity, between = () => {} } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    const reply = await ask(method, path, body);
    if (!isWorthAnotherTry(reply) || attempt + 1 >= tries) return reply;
    between(reply);
    await pause(Math.max(waitMs(attempt, Math.random()), reply.body.retry_after_ms ?? 0));
  }
}

/** Give a booking up, however long it takes to reach the house. */
export function cancelBooking(booking, reason, more = {}, how = {}) {
  return insist("POST", "/api/cancel_booking/", { booking, reason, ...more }, how);
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";
}
