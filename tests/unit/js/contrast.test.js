// Every pair of colours that is used together, in both schemes: text at 4.5 : 1, shapes and focus at 3 : 1.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";

const css = readFileSync(new URL("../../../frontend/static/frontend/css/tokens.css", import.meta.url), "utf8");
const [lightRules, darkRules] = css.split("@media (prefers-color-scheme: dark)");
const tokensOf = (rules) => Object.fromEntries([...rules.matchAll(/--([\w-]+):\s*(#[0-9A-Fa-f]{6})\b/g)].map(([, name, value]) => [name, value]));
const light = tokensOf(lightRules);
const SCHEMES = { light, dark: { ...light, ...tokensOf(darkRules.split("@media")[0]) } };

const TEXT = [
  ["text", "ground"], ["text", "surface"], ["text", "raised"], ["ground", "text"],
  ["text-soft", "ground"], ["text-soft", "surface"], ["text-soft", "raised"],
  ["on-accent", "accent"], ["accent", "ground"], ["accent", "surface"], ["live", "ground"], ["alarm", "ground"], ["alarm", "surface"],
  ["tint-1", "ground"], ["tint-2", "ground"], ["tint-3", "ground"], ["tint-4", "ground"], ["tint-5", "ground"],
];
const SHAPES = [
  ["on-accent", "accent"], ["live", "ground"], ["ring", "ground"], ["edge", "surface"], ["edge", "ground"],
  ["text", "ground"], ["text", "surface"],
];

// The same in both schemes: tickets on paper and their lit head, and verdicts at the door.
const FIXED = [
  ["#1B1E2B", "#FFFFFF"], ["#5A6072", "#FFFFFF"], ["#0B7A70", "#FFFFFF"],
  ["#F4F1E8", "#0E1018"], ["#A9AFC3", "#0E1018"], ["#FFB627", "#0E1018"],
  ["#FFFFFF", "#0B7A70"], ["#FFFFFF", "#B3261E"], ["#1B1300", "#FFB627"],
];

// Screens choose their scheme themselves, and have bulbs and alarms of their own.
const screens = readFileSync(new URL("../../../frontend/static/frontend/css/kiosk/kiosk.css", import.meta.url), "utf8");
const ON_SCREENS = [...TEXT, ["bulb", "ground"], ["on-alarm", "alarm"]];

function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

describe("contrast", () => {
  it("is measured as WCAG does", () => {
    assert.equal(contrast("#000000", "#ffffff"), 21);
    assert.ok(Math.abs(contrast("#777777", "#ffffff") - 4.48) < 0.01);
  });

  for (const [scheme, tokens] of Object.entries(SCHEMES)) {
    for (const [ink, paper] of TEXT) {
      it(`of ${ink} on ${paper} reads in the ${scheme} scheme`, () => assert.ok(contrast(tokens[ink], tokens[paper]) >= 4.5, contrast(tokens[ink], tokens[paper]).toFixed(2)));
    }
    for (const [ink, paper] of SHAPES) {
      it(`of ${ink} against ${paper} can be told in the ${scheme} scheme`, () => assert.ok(contrast(tokens[ink], tokens[paper]) >= 3, contrast(tokens[ink], tokens[paper]).toFixed(2)));
    }
  }

  for (const [, theme, rules] of screens.matchAll(/data-theme="(\w+)"\] \{(.*?)\}/gs)) {
    const tokens = tokensOf(rules);
    for (const [ink, paper] of ON_SCREENS) {
      it(`of ${ink} on ${paper} reads on a ${theme} screen`, () => assert.ok(contrast(tokens[ink], tokens[paper]) >= 4.5, contrast(tokens[ink], tokens[paper]).toFixed(2)));
    }
    for (const [ink, paper] of SHAPES) {
      it(`of ${ink} against ${paper} can be told on a ${theme} screen`, () => assert.ok(contrast(tokens[ink], tokens[paper]) >= 3, contrast(tokens[ink], tokens[paper]).toFixed(2)));
    }
  }

  for (const [ink, paper] of FIXED) {
    it(`of ${ink} on ${paper} reads in any scheme`, () => assert.ok(contrast(ink, paper) >= 4.5, contrast(ink, paper).toFixed(2)));
  }

  it("is checked for every colour that the stylesheets write text in", () => {
    const folder = new URL("../../../frontend/static/frontend/css/", import.meta.url);
    const sheets = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".css")).map((name) => readFileSync(new URL(name, folder), "utf8"));
    const inks = new Set(sheets.flatMap((sheet) => [...sheet.matchAll(/[\s;{]color:\s*var\(--([\w-]+)/g)].map(([, ink]) => ink)));
    // An edge is text only on what is switched off; a tint is one of five; a bulb that is not lit yet lights up.
    const known = new Set([...ON_SCREENS.map(([ink]) => ink), "edge", "tint", "unlit"]);
    assert.ok(inks.size > 5);
    assert.deepEqual([...inks].filter((ink) => !known.has(ink)), []);
  });

  it("is checked for every colour that tickets and doors write in whatever the scheme", () => {
    const inks = new Set(["tickets/ticket", "door/door"].flatMap((name) => {
      const sheet = readFileSync(new URL(`../../../frontend/static/frontend/css/${name}.css`, import.meta.url), "utf8");
      return [...sheet.matchAll(/[\s;{]color:\s*(#[0-9A-Fa-f]{6})/g)].map(([, ink]) => ink);
    }));
    assert.ok(inks.size > 5);
    assert.deepEqual([...inks].filter((ink) => !FIXED.some(([known]) => known === ink)), []);
  });

  it("is checked on tokens that exist in both schemes", () => {
    for (const name of [...TEXT, ...SHAPES].flat()) assert.ok(SCHEMES.light[name] && SCHEMES.dark[name], name);
  });
});
