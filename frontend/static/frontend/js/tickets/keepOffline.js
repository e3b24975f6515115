// Keeps this one page for a phone without a network: a worker that reaches no further than the page's own address.

/** Ask the worker to keep the page and all that it has loaded. Quiet where browsers have no workers. */
export async function keepOffline() {
  if (!("serviceWorker" in navigator)) return;
  // The copy itself is shown by the worker; it must not take itself for news.
  if (document.querySelector("[data-offline-copy]")) return;
  try {
    await navigator.serviceWorker.register("/ticket-worker.js", { scope: location.pathname });
    const { active } = await navigator.serviceWorker.ready;
    if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
    const reply = new MessageChannel();
    reply.port1.onmessage = () => (document.documentElement.dataset.kept = "true");
    active.postMessage({ type: "keep", page: location.pathname, parts: parts() }, [reply.port2]);
  } catch (error) {
    // Private windows refuse workers: the page works, only not offline.
    console.info("This ticket is not kept for offline use:", error.message);
  }
}

/** What the page is made of: styles, modules and pictures of our own. */
function parts() {
  const loaded = performance.getEntriesByType("resource").filter((entry) => entry.initiatorType !== "fetch");
  const links = [...document.querySelectorAll("link[href], script[src], img[src]")].map((part) => part.href || part.src);
  const urls = [...loaded.map((entry) => entry.name), ...links].map((url) => new URL(url, location.href));
  const ours = urls.filter((url) => url.origin === location.origin && !url.pathname.startsWith("/api/"));
  return [...new Set(ours.map((url) => url.pathname + url.search))];
}
