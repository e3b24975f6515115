// The states of one show's seats, moved only by snapshots and by changes that fit (contract, section 3).
// Pure: a map and a frame in; a new map, the seats that changed, and what to ask the server for, out.

import { crc32 } from "./crc32.js";

export const AVAILABLE = "A";
export const HELD = "H";
export const BOOKED = "B";
export const BLOCKED = "X";

// Frames kept while a snapshot or the answer to a sync is on its way. A sync answer takes one round trip;
// the server sends at most some 60 frames a second, so this is several seconds of them.
const BUFFERED_MAX = 256;

/** A map that knows nothing yet. */
export function emptyMap() {
  return { epoch: null, version: -1, states: [], deadlines: new Map(), buffered: [], asking: false };
}

/** A map from a picture {epoch, version, states, holds}: a snapshot frame, or what the page came with. */
export function mapFrom(picture) {
  const deadlines = new Map(Object.entries(picture.holds).map(([seat, at]) => [Number(seat), at]));
  const { epoch, version } = picture;
  return { epoch, version, states: [...picture.states], deadlines, buffered: [], asking: false };
}

/**
 * What a frame makes of a map: {map, changed, ask}. `changed` lists seat indexes whose state or deadline
 * moved; `ask` is null, "changes" (sync from here) or "snapshot" (sync from nothing).
 */
export function reduce(map, frame) {
  if (frame.type === "snapshot") return loadSnapshot(map, frame);
  if (frame.type === "seats") return takeChanges(map, frame);
  if (frame.type === "check") return compare(map, frame);
  return same(map);
}

/** The connection is gone, and with it every answer that was on its way. */
export function connectionLost(map) {
  return { ...map, buffered: [], asking: false };
}

function loadSnapshot(map, frame) {
  // A snapshot made before changes that are already here must not undo them; at the same version it repairs.
  if (frame.epoch === map.epoch && frame.version < map.version) return same(map);
  const loaded = mapFrom(frame);
  return foldBuffered(loaded, map.buffered, differences(map, loaded));
}

function takeChanges(map, frame) {
  if (map.epoch === null) return buffer(map, frame, null);
  if (frame.epoch !== map.epoch) return buffer(map, frame, "changes");
  if (frame.version <= map.version) return upToDate(map, frame);
  if (frame.from > map.version) return buffer(map, frame, "changes");
  const { map: applied, changed } = apply(map, frame);
  return foldBuffered({ ...applied, buffered: [], asking: false }, map.buffered, changed);
}

function compare(map, frame) {
  if (map.asking || frame.epoch !== map.epoch || frame.version !== map.version) return same(map);
  if (crc32(map.states.join("")) === frame.crc32) return same(map);
  return { map: { ...map, asking: true }, changed: [], ask: "snapshot" };
}

function apply(map, frame) {
  const states = map.states.slice();
  const deadlines = new Map(map.deadlines);
  const changed = [];
  for (const [seat, state, deadline] of frame.changes) {
    if (states[seat] !== state || deadlines.get(seat) !== deadline) changed.push(seat);
    states[seat] = state;
    if (deadline === undefined) deadlines.delete(seat);
    else deadlines.set(seat, deadline);
  }
  return { map: { ...map, version: frame.version, states, deadlines }, changed };
}

function buffer(map, frame, ask) {
  const buffered = [...map.buffered, frame].slice(-BUFFERED_MAX);
  const asksNow = ask !== null && !map.asking;
  return { map: { ...map, buffered, asking: map.asking || asksNow }, changed: [], ask: asksNow ? ask : null };
}

// Buffered frames obey the same rules; one that still leaves a gap stays and asks once.
function foldBuffered(map, frames, changed) {
  let folded = map;
  let ask = null;
  const all = new Set(changed);
  for (const frame of frames) {
    if (frame.epoch !== folded.epoch || frame.version <= folded.version) continue;
    if (frame.from <= folded.version) {
      const step = apply(folded, frame);
      folded = step.map;
      step.changed.forEach((seat) => all.add(seat));
    } else {
      folded = { ...folded, buffered: [...folded.buffered, frame], asking: true };
      ask = "changes";
    }
  }
  return { map: folded, changed: [...all], ask };
}

// An old frame is dropped; an empty one at my own version answers a sync: nothing has happened since.
function upToDate(map, frame) {
  const answers = map.asking && frame.from === map.version && frame.version === map.version;
  return answers ? foldBuffered({ ...map, buffered: [], asking: false }, map.buffered, []) : same(map);
}

function same(map) {
  return { map, changed: [], ask: null };
}

function differences(before, after) {
  const changed = [];
  after.states.forEach((state, seat) => {
    if (state !== before.states[seat] || after.deadlines.get(seat) !== before.deadlines.get(seat)) changed.push(seat);
  });
  return changed;
}
