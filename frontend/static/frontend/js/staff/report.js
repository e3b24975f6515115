// The page that waits for a report: asks how far it is, says so, and opens it when it is made.

import { waitMs } from "../model/backoff.js";

const LOOK_MS = 600;
const ANSWER_WITHIN_MS = 10_000;

const wait = document.getElementById("report-wait");
const bar = document.getElementById("report-progress");
const step = document.getElementById("report-step");

async function look() {
  try {
    const reply = await fetch(wait.dataset.progress, {
      cache: "no-store",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    return reply.ok ? await reply.json() : null;
  } catch {
    return null;
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

let failures = 0;
for (;;) {
  const told = await look();
  // Signed out meanwhile, say: the page itself knows what to do about it.
  if (told && ["done", "failed"].includes(told.state)) break;
  failures = told ? 0 : failures + 1;
  if (told) {
    bar.value = told.progress;
    if (step.textContent !== told.step) step.textContent = told.step;
  }
  await pause(told ? LOOK_MS : waitMs(failures, Math.random()));
}
location.reload();
