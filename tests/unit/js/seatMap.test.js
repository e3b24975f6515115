import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { crc32 } from "../../../frontend/static/frontend/js/model/crc32.js";
import { connectionLost, emptyMap, mapFrom, reduce } from "../../../frontend/static/frontend/js/model/seatMap.js";
import { seats, snapshot } from "./support.js";

/** Folds frames onto a map; collects everything that was asked for. */
function fold(map, ...frames) {
  const asked = [];
  for (const frame of frames) {
    const step = reduce(map, frame);
    map = step.map;
    if (step.ask) asked.push(step.ask);
  }
  return { map, asked, states: map.states.join("") };
}

describe("before the snapshot", () => {
  it("keeps changes and folds them onto the snapshot when it comes", () => {
    const { states, map } = fold(emptyMap(), seats(1, 2, [[0, "H", 900]]), seats(2, 3, [[1, "B"]]), snapshot("AAA", { version: 1 }));

    assert.equal(states, "HBA");
    assert.equal(map.version, 3);
    assert.equal(map.deadlines.get(0), 900);
    assert.deepEqual(map.buffered, []);
  });

  it("drops kept changes that the snapshot already contains", () => {
    const { states, map } = fold(emptyMap(), seats(1, 2, [[0, "H", 900]]), snapshot("BAA", { version: 5 }));

    assert.equal(states, "BAA");
    assert.equal(map.version, 5);
  });

  it("asks nothing: the snapshot comes by itself", () => {
    assert.deepEqual(fold(emptyMap(), seats(7, 8, [[0, "B"]])).asked, []);
  });

  it("asks for the gap between the snapshot and a kept change", () => {
    const { asked, states, map } = fold(emptyMap(), seats(4, 5, [[0, "B"]]), snapshot("AAA", { version: 2 }));

    assert.deepEqual(asked, ["changes"]);
    assert.equal(states, "AAA");
    const healed = fold(map, seats(2, 4, [[1, "B"]]));
    assert.equal(healed.states, "BBA");
    assert.equal(healed.map.version, 5);
  });
});

describe("changes", () => {
  const known = mapFrom(snapshot("AAAA", { version: 10 }));

  it("apply when they begin at or before my version and end after it", () => {
    assert.equal(fold(known, seats(10, 11, [[0, "B"]])).states, "BAAA");
    assert.equal(fold(known, seats(8, 12, [[0, "B"]])).map.version, 12);
  });

  it("are dropped when they end at or before my version", () => {
    for (const frame of [seats(9, 10, [[0, "B"]]), seats(3, 4, [[0, "B"]])]) {
      const step = reduce(known, frame);
      assert.equal(step.map.states.join(""), "AAAA");
      assert.deepEqual(step.changed, []);
      assert.equal(step.ask, null);
    }
  });

  it("twice are the same as once", () => {
    const frame = seats(10, 11, [[2, "H", 77]]);
    assert.deepEqual(fold(known, frame, frame).map, fold(known, frame).map);
  });

  it("after a gap ask once, wait, and are folded onto the answer", () => {
    const { map, asked, states } = fold(known, seats(11, 12, [[0, "B"]]), seats(12, 13, [[1, "B"]]));
    assert.deepEqual(asked, ["changes"]);
    assert.equal(states, "AAAA");

    const healed = fold(map, seats(10, 11, [[3, "X"]]));
    assert.equal(healed.states, "BBAX");
    assert.equal(healed.map.version, 13);
    assert.equal(healed.map.asking, false);
  });

  it("name the seats that really differ", () => {
    const first = reduce(known, seats(10, 11, [[0, "H", 5], [1, "A"]]));
    assert.deepEqual(first.changed, [0]);
    assert.deepEqual(reduce(first.map, seats(11, 12, [[0, "H", 6]])).changed, [0]);
    assert.deepEqual(reduce(first.map, seats(11, 12, [[0, "H", 5]])).changed, []);
  });

  it("take the deadline away with the hold", () => {
    const held = fold(known, seats(10, 11, [[0, "H", 5]])).map;
    assert.equal(fold(held, seats(11, 12, [[0, "A"]])).map.deadlines.size, 0);
    assert.equal(fold(held, seats(11, 12, [[0, "B"]])).map.deadlines.size, 0);
  });

  it("leave the map they were applied to alone", () => {
    reduce(known, seats(10, 11, [[0, "B"]]));
    assert.equal(known.states.join(""), "AAAA");
    assert.equal(known.version, 10);
  });

  it("empty, at my version, answer a sync", () => {
    const asking = { ...known, asking: true };
    assert.equal(reduce(asking, seats(10, 10, [])).map.asking, false);
    assert.equal(reduce(asking, seats(9, 10, [[0, "B"]])).map.asking, true);
  });
});

describe("another epoch", () => {
  const known = mapFrom(snapshot("AAAA", { version: 10 }));

  it("in changes asks, whatever the versions say", () => {
    for (const version of [2, 11]) {
      const { asked, states } = fold(known, seats(version - 1, version, [[0, "B"]], "e2"));
      assert.deepEqual(asked, ["changes"]);
      assert.equal(states, "AAAA");
    }
  });

  it("in a snapshot replaces everything, also with a lower version", () => {
    const { map, states } = fold(known, snapshot("BBBB", { epoch: "e2", version: 1 }));
    assert.equal(states, "BBBB");
    assert.deepEqual([map.epoch, map.version], ["e2", 1]);
  });

  it("keeps its own changes for its snapshot", () => {
    const { states } = fold(known, seats(1, 2, [[3, "X"]], "e2"), snapshot("BBBB", { epoch: "e2", version: 1 }));
    assert.equal(states, "BBBX");
  });
});

describe("a snapshot of my epoch", () => {
  const known = mapFrom(snapshot("ABAA", { version: 10 }));

  it("that is older than what I have changes nothing", () => {
    assert.equal(fold(known, snapshot("AAAA", { version: 9 })).states, "ABAA");
  });

  it("at my version repairs", () => {
    const { map, changed } = reduce(known, snapshot("AAAA", { version: 10 }));
    assert.equal(map.states.join(""), "AAAA");
    assert.deepEqual(changed, [1]);
  });
});

describe("a check", () => {
  const known = mapFrom(snapshot("AHBX", { version: 10, holds: { 1: 5 } }));
  const check = (crc, { version = 10, epoch = "e1" } = {}) => ({ type: "check", epoch, version, crc32: crc });

  it("that agrees asks nothing", () => {
    assert.equal(reduce(known, check(crc32("AHBX"))).ask, null);
  });

  it("that differs asks for a snapshot, once", () => {
    const first = reduce(known, check(1));
    assert.equal(first.ask, "snapshot");
    assert.equal(reduce(first.map, check(1)).ask, null);
  });

  it("of another version or epoch is not compared", () => {
    assert.equal(reduce(known, check(1, { version: 11 })).ask, null);
    assert.equal(reduce(known, check(1, { version: 9 })).ask, null);
    assert.equal(reduce(known, check(1, { epoch: "e2" })).ask, null);
  });

  it("uses zlib's crc32, unsigned", () => {
    assert.equal(crc32("123456789"), 0xcbf43926);
    assert.equal(crc32(""), 0);
  });
});

describe("a lost connection", () => {
  it("forgets what was asked and kept, so that the next one asks again", () => {
    const { map } = fold(mapFrom(snapshot("AAAA", { version: 10 })), seats(11, 12, [[0, "B"]]));
    const lost = connectionLost(map);
    assert.deepEqual([lost.asking, lost.buffered, lost.version], [false, [], 10]);
    assert.deepEqual(fold(lost, seats(11, 12, [[0, "B"]])).asked, ["changes"]);
  });
});

describe("any order of frames", () => {
  // A line that drops, repeats and swaps frames, with a server that answers every sync truthfully.
  it("ends on the true map", () => {
    let seed = 7;
    const random = () => ((seed = (seed * 1103515245 + 12345) % 2 ** 31) / 2 ** 31);
    for (let round = 0; round < 200; round += 1) {
      const truth = [..."AAAAAAAA"];
      const log = Array.from({ length: 30 }, (_, at) => {
        const seat = Math.floor(random() * 8);
        const state = "AHBX"[Math.floor(random() * 4)];
        truth[seat] = state;
        return seats(at + 1, at + 2, [state === "H" ? [seat, state, at] : [seat, state]]);
      });
      let map = mapFrom(snapshot("AAAAAAAA", { version: 1 }));
      const line = log.flatMap((frame) => (random() < 0.2 ? [] : random() < 0.2 ? [frame, frame] : [frame]));
      for (let at = 1; at < line.length; at += 1) if (random() < 0.2) [line[at - 1], line[at]] = [line[at], line[at - 1]];
      // The last one always arrives: otherwise nobody could know that something is missing.
      for (const frame of [...line, log.at(-1)]) {
        const step = reduce(map, frame);
        map = step.map;
        if (step.ask) map = reduce(map, seats(map.version, frame.version, log.slice(map.version - 1, frame.version - 1).flatMap((each) => each.changes))).map;
      }
      assert.equal(map.states.join(""), truth.join(""), `round ${round}`);
      assert.equal(map.version, 31);
    }
  });
});
