// The service worker of tickets. It never shows an old page while the network answers: it asks the house first, and only
// when nothing comes shows the copy, which says of itself how old it is. One cache a ticket; nothing else is touched.

const VERSION = "housefull-tickets-1";
const KEPT_AT = "X-Kept-At";
// A phone at the door with one bar of signal: waiting longer than this is no answer.
const PATIENCE_MS = 5000;
const TICKET = /^\/(?:bookings\/[0-9a-f-]{36}|t\/[\w~-]+)\/$/;

addEventListener("install", () => skipWaiting());

addEventListener("activate", (event) => event.waitUntil(takeOver()));

addEventListener("message", (event) => {
  if (event.data.type === "keep") event.waitUntil(keep(event.data).then(() => event.ports[0].postMessage("kept")));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") {
    if (TICKET.test(pathname)) event.respondWith(page(request, pathname));
  } else if (event.clientId) {
    event.respondWith(part(request));
  }
});

async function takeOver() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("housefull-tickets-") && !name.startsWith(`${VERSION} `));
  await Promise.all(old.map((name) => caches.delete(name)));
  await clients.claim();
}

/** The page as the house has it now, else the copy. */
async function page(request, pathname) {
  const answer = await asked(request);
  if (answer?.ok) {
    await remember(pathname, answer.clone());
    return answer;
  }
  // Gone or not ours any more: then nor is the copy. A house that is broken says nothing about the ticket.
  if (answer && answer.status < 500) {
    if (answer.status === 404) await caches.delete(cacheOf(pathname));
    return answer;
  }
  const copy = await (await caches.open(cacheOf(pathname))).match(pathname);
  return copy ? labelled(copy) : answer ?? Response.error();
}

/** A style, module or picture: from the house while it answers. */
async function part(request) {
  const answer = await asked(request);
  if (answer?.ok) return answer;
  return (await caches.match(request, { ignoreVary: true })) ?? answer ?? Response.error();
}

async function asked(request) {
  try {
    const tooLong = new Promise((_, giveUp) => setTimeout(() => giveUp(new Error("no answer")), PATIENCE_MS));
    return await Promise.race([fetch(request), tooLong]);
  } catch {
    return null;
  }
}

async function keep({ page: pathname, parts }) {
  const cache = await caches.open(cacheOf(pathname));
  const answer = await fetch(pathname, { credentials: "same-origin" });
  if (answer.ok) await remember(pathname, answer);
  await Promise.all(parts.map(async (url) => {
    const loaded = await fetch(url, { cache: "force-cache" });
    if (loaded.ok) await cache.put(url, loaded);
  }));
  const wanted = new Set([pathname, ...parts]);
  const kept = await cache.keys();
  const stale = kept.filter(({ url }) => !wanted.has(url.slice(location.origin.length)));
  await Promise.all(stale.map((request) => cache.delete(request)));
}

async function remember(pathname, answer) {
  const headers = new Headers(answer.headers);
  headers.set(KEPT_AT, new Date().toISOString());
  const kept = new Response(await answer.blob(), { status: answer.status, headers });
  await (await caches.open(cacheOf(pathname))).put(pathname, kept);
}

/** The copy, saying when it was true. */
async function labelled(copy) {
  const at = new Date(copy.headers.get(KEPT_AT));
  const today = at.toDateString() === new Date().toDateString();
  const when = at.toLocaleString("en-GB", { ...(today ? {} : { day: "numeric", month: "short" }), hour: "2-digit", minute: "2-digit" });
  const words = `<p class="notice" role="status" data-offline-copy>Offline copy of ${when}. It opens the door all the same.</p>`;
  const html = (await copy.text()).replace("<!-- offline -->", words);
  return new Response(html, { headers: { "Content-Type": "text/html; charset=utf-8" } });
}

function cacheOf(pathname) {
  return `${VERSION} ${pathname}`;
}
