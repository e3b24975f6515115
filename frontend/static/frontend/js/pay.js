// The payment page's clock: the deadline from the server, counted on the monotonic clock.

import { milestonePassed } from "./model/hold.js";
import { countdown, span } from "./model/words.js";

const URGENT_MS = 60_000;

const slip = document.getElementById("slip");
const left = document.getElementById("clock-left");
const says = document.getElementById("says");
const { server_ms: serverMs, expires_ms: expiresMs } = JSON.parse(document.getElementById("pay-data").textContent);
const offsetMs = serverMs - performance.now();
let beforeMs = expiresMs - serverMs;

const ticking = setInterval(() => {
  const leftMs = Math.max(0, expiresMs - performance.now() - offsetMs);
  left.textContent = countdown(leftMs);
  slip.toggleAttribute("data-urgent", leftMs < URGENT_MS);
  const milestone = milestonePassed(beforeMs, leftMs);
  if (milestone) says.textContent = `${span(milestone * 1000)} left on your hold.`;
  beforeMs = leftMs;
  if (leftMs > 0) return;
  clearInterval(ticking);
  // The server decides whether it is over, not this page.
  location.reload();
}, 1000);
