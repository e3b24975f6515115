// What a phone has to fetch: everything of ours, gzipped, stays below 40 KB, and so does what paying needs besides;
// modules stay small enough to read.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, it } from "node:test";

const GZIPPED_BYTES_MAX = 40 * 1024;
const MODULE_LINES_MAX = 150;

const root = fileURLToPath(new URL("../../../frontend/static/frontend/", import.meta.url));
const templates = fileURLToPath(new URL("../../../frontend/templates/", import.meta.url));
const files = readdirSync(root, { recursive: true }).filter((name) => /\.(js|css)$/.test(name));
const read = (name) => readFileSync(root + name);

const isForPaying = (name) => /^(js|css)\/pay\//.test(name);
const isForOnePage = (name) => isForPaying(name) || /^(js|css)\/(tickets|door|staff|kiosk|reports)\//.test(name);
const weigh = (names) => names.reduce((sum, name) => sum + gzipSync(read(name)).length, 0);

function reachedFrom(entry) {
  const reached = new Set();
  const follow = (name) => {
    for (const [, path] of read(name).toString().matchAll(/from "([^"]+)"/g)) {
      const next = posix.join(posix.dirname(name), path);
      if (reached.has(next)) continue;
      reached.add(next);
      follow(next);
    }
  };
  follow(entry);
  return [...reached].sort();
}

function namedIn(part) {
  const html = readFileSync(`${templates}frontend/parts/${part}.html`, "utf8");
  return [...html.matchAll(/static 'frontend\/([^']+)'/g)].map(([, path]) => path).sort();
}

describe("what is sent to the browser", () => {
  it("weighs 40 KB at most, gzipped file by file, on all pages but those of a booking, a door, the staff and screens on a wall", () => {
    const everywhere = files.filter((name) => !isForOnePage(name));
    assert.ok(everywhere.length > 20);
    const bytes = weigh(everywhere);
    assert.ok(bytes <= GZIPPED_BYTES_MAX, `${bytes} bytes`);
  });

  it("weighs 40 KB at most on the payment page", () => {
    const styles = ["tokens", "base", "site", "controls", "pay/order", "pay/pay"].map((name) => `css/${name}.css`);
    const bytes = weigh(["js/page.js", "js/pay/pay.js", ...reachedFrom("js/pay/pay.js"), ...styles]);
    assert.ok(bytes <= GZIPPED_BYTES_MAX, `${bytes} bytes`);
  });

  it("weighs 40 KB at most on a ticket, and at a door", () => {
    const shared = ["tokens", "base", "site", "controls"].map((name) => `css/${name}.css`);
    const ticket = ["css/pay/order.css", "css/pay/booking.css", "css/tickets/ticket.css", "js/pay/booking.js", "js/tickets/ticket.js", "js/tickets/worker.js"];
    const door = ["css/door/door.css", "js/door/door.js"];
    for (const page of [ticket, door]) {
      const reached = page.filter((name) => name.endsWith(".js")).flatMap(reachedFrom);
      const bytes = weigh([...new Set(["js/page.js", ...shared, ...page, ...reached])]);
      assert.ok(bytes <= GZIPPED_BYTES_MAX, `${page[0]}: ${bytes} bytes`);
    }
  });

  it("has nothing on the seat page that is for other pages", () => {
    assert.deepEqual(reachedFrom("js/show.js").filter(isForOnePage), []);
  });

  it("is made of modules of 150 lines at most", () => {
    for (const name of files.filter((each) => each.endsWith(".js"))) {
      const lines = read(name).toString().trimEnd().split("\n").length;
      assert.ok(lines <= MODULE_LINES_MAX, `${name} has ${lines} lines`);
    }
  });

  it("imports only what is there, by relative paths", () => {
    for (const name of files.filter((each) => each.endsWith(".js"))) {
      for (const [, path] of read(name).toString().matchAll(/from "([^"]+)"/g)) {
        assert.match(path, /^\.\.?\//, `${name} imports ${path}`);
        readFileSync(new URL(path, `file://${root}${name}`));
      }
    }
  });

  it("is fetched at once: a page names every module that its scripts import", () => {
    assert.deepEqual(namedIn("modules"), reachedFrom("js/show.js"));
    assert.deepEqual(namedIn("pay_modules"), reachedFrom("js/pay/pay.js"));
  });

  it("keeps the models free of the page and of time", () => {
    for (const name of files.filter((each) => each.startsWith("js/") && each.includes("/model/"))) {
      assert.doesNotMatch(read(name).toString(), /\b(document\b|window\.[a-z]|performance\.now|Date\.now|setTimeout|WebSocket\b)/, name);
    }
  });
});
