// The replay put together: timeline, map, panel, strip and player.

import { Player } from "./player.js";
import { SeatMap } from "./seatMap.js";
import { SeatPanel } from "./seatPanel.js";
import { drawStrip } from "./strip.js";
import { countOf, LETTERS, Timeline } from "./timeline.js";
import { clock, grouped, STATE_WORDS } from "./words.js";

/** Starts the replay; returns seek(ms), which also brings it into view. Null where none was recorded. */
export function startReplay(replay) {
  const stage = document.getElementById("player");
  if (!stage || !replay.seats.length) return null;
  const timeline = new Timeline(replay);
  const counters = LETTERS.split("").map((letter) => document.querySelector(`[data-count="${letter}"]`));
  const version = document.getElementById("version");
  const now = document.getElementById("now");
  stage.hidden = false;
  drawStrip(timeline, replay.breaches_ms);

  const map = new SeatMap(replay.seats, (index) => panel.choose(index, map.described(index), player.ms));
  const panel = new SeatPanel(timeline, (ms) => player.seek(ms));
  const player = new Player(timeline, (ms, { isPlaying }) => {
    const frames = timeline.framesAt(ms);
    const states = timeline.statesAfter(frames);
    const counts = countOf(states);
    map.paint(states, { gently: isPlaying });
    panel.show(ms);
    now.textContent = clock(ms);
    version.textContent = timeline.versionAfter(frames) ?? "–";
    counters.forEach((counter, at) => { counter.textContent = grouped(counts[at]); });
    counters.at(-1).parentElement.hidden = !counts.at(-1);
    const said = [...counts].map((count, at) => (count ? `${count} ${STATE_WORDS[LETTERS[at]]}` : "")).filter(Boolean);
    return [clock(ms), ...said].join(", ");
  });

  return (ms) => {
    player.seek(ms);
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    document.getElementById("replay").scrollIntoView({ block: "start", behavior });
    document.getElementById("scrub").focus({ preventScroll: true });
  };
}
