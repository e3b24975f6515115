// Leaves this page for another as soon as that one is there. Where nothing answers, a browser shows a page of its own,
// and on that one nothing of ours tries again.

import { returnsIn } from "../model/rest.js";
import { knock } from "./knock.js";

let next = null;

/** Go to this address as soon as it answers, however long that takes; said again, the last one counts. */
export async function leaveFor(path) {
  const isOnTheWay = next !== null;
  next = path;
  if (isOnTheWay) return;
  for (let attempt = 0; ; attempt += 1) {
    const asked = next;
    if ((await knock(attempt, asked)) && asked === next) return go(asked);
    await new Promise((resolve) => setTimeout(resolve, returnsIn(attempt, Math.random())));
  }
}

// The page's own address: load it anew, with all that belongs to it.
function go(path) {
  if (path === location.href) location.reload();
  else location.replace(path);
}
