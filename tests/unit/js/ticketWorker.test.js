// The worker of tickets, run with caches and a network of the test's own: when the copy is shown, and when it never is.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { beforeEach, describe, it } from "node:test";
import vm from "node:vm";

const SCRIPT = readFileSync(new URL("../../../frontend/static/frontend/js/tickets/worker.js", import.meta.url), "utf8");
const ORIGIN = "https://cinema.example";
const PAGE = "/bookings/019aa7c1-5f3a-7c21-9d64-2b1c8e90f7aa/";
const html = (words, status = 200) => new Response(`<main><!-- offline -->${words}</main>`, { status });

class Cache extends Map {
  match = async (key) => this.get(typeof key === "string" ? key : key.url.slice(ORIGIN.length))?.clone();
  put = async (key, response) => void this.set(key, response);
}

let network, stores, handlers, waits;

beforeEach(() => {
  network = async () => html("fresh");
  stores = new Map();
  handlers = {};
  waits = [];
  const caches = {
    open: async (name) => stores.get(name) ?? stores.set(name, new Cache()).get(name),
    keys: async () => [...stores.keys()],
    delete: async (name) => stores.delete(name),
    match: async (request) => (await Promise.all([...stores.values()].map((store) => store.match(request)))).find(Boolean),
  };
  vm.runInNewContext(SCRIPT, {
    addEventListener: (name, handler) => (handlers[name] = handler),
    location: new URL(ORIGIN),
    clients: { claim: async () => {} },
    skipWaiting: () => {},
    fetch: (request) => network(request),
    setTimeout: (action, ms) => setTimeout(action, ms / 100),
    caches, URL, Headers, Response, Date, Promise, Error, Set,
  });
});

/** What the worker answers to a request; undefined: it lets it pass. */
function asked(path, { mode = "navigate", method = "GET", origin = ORIGIN } = {}) {
  let answer;
  const request = { url: origin + path, mode, method };
  handlers.fetch({ request, clientId: "page", respondWith: (given) => (answer = given) });
  return answer;
}

async function seen() {
  return (await asked(PAGE)).text();
}

describe("the worker of tickets", () => {
  it("shows what the house says now, and keeps it", async () => {
    assert.match(await seen(), /fresh/);
    network = async () => html("fresher");
    assert.match(await seen(), /fresher/);
    assert.equal(stores.size, 1);
  });

  it("shows the copy, and says so, when nothing comes, too late, or when the house is broken", async () => {
    await seen();
    const troubles = [
      async () => Promise.reject(new TypeError("offline")),
      () => new Promise((resolve) => setTimeout(() => resolve(html("late")), 500)),
      async () => html("broken", 503),
    ];
    for (const trouble of troubles) {
      network = trouble;
      const shown = await seen();
      assert.match(shown, /fresh/);
      assert.match(shown, /Offline copy of \d\d:\d\d/);
    }
  });

  it("has nothing to show of a ticket that it never saw", async () => {
    network = async () => Promise.reject(new TypeError("offline"));
    assert.equal((await asked(PAGE)).type, "error");
    network = async () => html("broken", 503);
    assert.equal((await asked(PAGE)).status, 503);
  });

  it("forgets a ticket that the house no longer has for this visitor", async () => {
    await seen();
    network = async () => html("gone", 404);
    assert.match(await seen(), /gone/);
    assert.equal(stores.size, 0);
  });

  it("lets everything else pass", () => {
    for (const path of [`${PAGE}pay/`, `${PAGE}ticket.pdf`, "/", "/my/bookings/", "/shows/1/"]) assert.equal(asked(path), undefined);
    assert.equal(asked("/api/v1/bookings/1", { mode: "cors" }), undefined);
    assert.equal(asked(PAGE, { method: "POST" }), undefined);
    assert.equal(asked("/checkout.js", { mode: "no-cors", origin: "https://pay.example" }), undefined);
  });

  it("clears the caches of its older versions, and no others", async () => {
    stores.set("housefull-tickets-0 /t/a~b/", new Cache()).set("another app", new Cache());
    await seen();
    handlers.activate({ waitUntil: (work) => waits.push(work) });
    await Promise.all(waits);
    assert.deepEqual([...stores.keys()].sort(), ["another app", `housefull-tickets-1 ${PAGE}`]);
  });
});
