// The rows of a lobby board: made once, filled anew; a page that runs for months makes no garbage that stays.

import { clockOf, dayOf, left } from "../model/time.js";
import { bulbs } from "./bulbs.js";

export class Rows {
  #list = document.getElementById("shows");
  #template = document.getElementById("show-row");
  #poster;
  #rows = [];

  /** `poster` is the address of a movie's poster with {movie} in it. */
  constructor(poster) {
    this.#poster = poster;
  }

  /** How many fit; the style sheet knows. */
  get count() {
    return Number(getComputedStyle(this.#list).getPropertyValue("--rows")) || 5;
  }

  /** `lighting` has the ids of shows that sell out before everybody's eyes. */
  show(entries, { words, zone, nowMs, lighting }) {
    while (this.#rows.length < entries.length) this.#rows.push(this.#newRow());
    this.#rows.forEach((row, place) => {
      row.item.hidden = place >= entries.length;
      if (!row.item.hidden) this.#fill(row, entries[place], { words, zone, nowMs, lighting });
    });
  }

  #newRow() {
    const item = this.#template.content.firstElementChild.cloneNode(true);
    const part = (name) => item.querySelector(`[data-part="${name}"]`);
    const row = { item, shown: {} };
    for (const name of ["poster", "time", "half", "until", "title", "where", "sign", "bar"]) row[name] = part(name);
    row.poster.addEventListener("error", () => (item.dataset.poster = "none"));
    this.#list.append(item);
    return row;
  }

  #fill(row, entry, { words, zone, nowMs, lighting }) {
    const { show, isTomorrow, isStarted } = entry;
    const { time, half } = clockOf(show.startsMs, zone);
    const status = isStarted ? "started" : show.status;
    row.item.dataset.status = status;
    row.item.dataset.show = show.id;
    this.#put(row, "time", time);
    this.#put(row, "half", half);
    this.#put(row, "until", untilWords(entry, words, nowMs));
    this.#put(row, "title", show.movie);
    this.#put(row, "where", [show.screen, show.language].filter(Boolean).join(" · "));
    row.item.dataset.day = isTomorrow ? "tomorrow" : "today";
    this.#putPoster(row, `${this.#poster.replace("{movie}", show.movie_slug)}?v=${dayOf(nowMs, zone)}`);
    row.bar.style.setProperty("--free", show.total ? show.available / show.total : 0);
    row.bar.style.setProperty("--held", show.total ? show.held / show.total : 0);
    this.#putSign(row, show, status, words, lighting);
  }

  #put(row, name, text) {
    if (row.shown[name] === text) return;
    row.shown[name] = text;
    row[name].textContent = text;
  }

  #putPoster(row, address) {
    if (row.shown.poster === address) return;
    row.shown.poster = address;
    delete row.item.dataset.poster;
    row.poster.src = address;
  }

  // The sign is made anew only when it says something else: bulbs that are lit stay lit.
  #putSign(row, show, status, words, lighting) {
    const said = signWords(show, status, words);
    const key = `${show.id} ${status} ${said}`;
    if (row.shown.sign === key) return;
    row.shown.sign = key;
    row.sign.replaceChildren(status === "housefull" ? bulbs(said, lighting.has(show.id)) : said);
  }
}

function untilWords({ show, isTomorrow, isStarted }, words, nowMs) {
  if (isTomorrow) return words.tomorrow;
  return isStarted ? "" : words.in(left(show.startsMs - nowMs));
}

function signWords(show, status, words) {
  if (status === "started" || status === "housefull") return words[status];
  if (status === "last_few") return show.available ? words.few(show.available) : words.held;
  return status === "filling" ? words.filling : words.left(show.available);
}
