// Shows times as of here, keeps the list fresh, and plans faults.

const LOOK_MS = 1500;
const live = document.getElementById("live");
const says = document.getElementById("says");
const isList = location.pathname === "/";
const clock = { hour: "numeric", minute: "2-digit" };
const today = new Intl.DateTimeFormat(undefined, clock);
const before = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", ...clock });

function tellTimes() {
  for (const time of document.querySelectorAll("time[data-ms]")) {
    const at = new Date(Number(time.dataset.ms));
    time.textContent = (at.toDateString() === new Date().toDateString() ? today : before).format(at);
  }
}

/** Put the fresh list in place where something came; what is typed stays. */
async function refresh() {
  let fresh;
  try {
    const reply = await fetch(location.href, { cache: "no-store" });
    fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  } catch {
    says.textContent = "The mail catcher does not answer.";
    return;
  }
  document.title = fresh.title;
  for (const part of [".mails, .empty", ".faults"]) {
    const [old, now] = [live.querySelector(part), fresh.querySelector(part)];
    if (old && now && old.dataset.was !== now.outerHTML) {
      if (part === ".faults") now.open = old.open;
      const was = now.outerHTML;
      old.replaceWith(now);
      now.dataset.was = was;
    }
  }
  tellTimes();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-fault], [data-heal]");
  if (!button) return;
  const kind = button.dataset.fault;
  const how = kind
    ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ kind, count: null }) }
    : { method: "DELETE" };
  const reply = await fetch("/api/faults", how);
  says.textContent = reply.ok ? `Done: ${button.textContent}.` : (await reply.json()).detail;
  await refresh();
});

tellTimes();
if (isList) {
  setInterval(() => {
    if (!document.hidden) refresh();
  }, LOOK_MS);
}
