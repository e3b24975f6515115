import assert from "node:assert/strict";
import { beforeEach, describe, it, mock } from "node:test";

import { comesBack, reasonOf } from "../../../frontend/static/frontend/js/net/closeCodes.js";
import { Socket } from "../../../frontend/static/frontend/js/net/socket.js";

class FakeWebSocket {
  static made = [];
  readyState = 0;
  sent = [];

  constructor(url, protocols) {
    this.url = url;
    this.protocols = protocols;
    FakeWebSocket.made.push(this);
  }

  open() {
    this.readyState = 1;
    this.onopen();
  }

  say(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  die(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = 3;
  }
}

describe("the socket", () => {
  let now, states, frames, samples, position, socket;
  const last = () => FakeWebSocket.made.at(-1);
  const pass = (ms) => {
    now += ms;
    mock.timers.tick(ms);
  };

  beforeEach(() => {
    mock.timers.reset();
    mock.timers.enable({ apis: ["setTimeout"] });
    FakeWebSocket.made = [];
    [now, states, frames, samples, position] = [0, [], [], [], null];
    socket = new Socket({
      url: "ws://house/ws/shows/1/",
      resumeFrom: () => position,
      on: { frame: (frame) => frames.push(frame), pong: (sample) => samples.push(sample), state: (...what) => states.push(what) },
      env: { WebSocket: FakeWebSocket, random: () => 0.5, now: () => now },
    });
    socket.connect();
  });

  it("speaks the house's subprotocol", () => {
    assert.deepEqual(last().protocols, ["housefull.v1"]);
    assert.equal(last().url, "ws://house/ws/shows/1/");
  });

  it("resumes from where it was", () => {
    last().open();
    position = { epoch: "k 9", version: 41 };
    last().die(1006);
    pass(8000);

    assert.equal(last().url, "ws://house/ws/shows/1/?epoch=k%209&version=41");
  });

  it("comes back with growing waits while nobody answers", () => {
    const waits = [];
    for (let attempt = 0; attempt < 5; attempt += 1) {
      last().die(1006);
      waits.push(states.at(-1)[1]);
      pass(waits.at(-1));
    }
    assert.deepEqual(waits, [625, 1125, 2125, 4125, 4125]);
    assert.equal(FakeWebSocket.made.length, 6);
  });

  it("forgets its patience only after a steady connection", () => {
    last().die(1006);
    pass(625);
    last().open();
    last().die(1006);
    assert.equal(states.at(-1)[1], 1125);
    pass(1125);
    last().open();
    pass(5000);
    last().die(1006);
    assert.equal(states.at(-1)[1], 625);
  });

  it("stays away after a final close code and says why", () => {
    last().open();
    last().die(4504);
    pass(60_000);

    assert.deepEqual(states.at(-1), ["stopped", reasonOf(4504), 4504]);
    assert.equal(FakeWebSocket.made.length, 1);
    socket.wake();
    assert.equal(FakeWebSocket.made.length, 1);
  });

  it("offers a token beside the subprotocol, and asks first whether the house answers", async () => {
    const asked = [];
    let isThere = false;
    const knock = async (attempt) => {
      asked.push(attempt);
      return isThere;
    };
    const env = { WebSocket: FakeWebSocket, random: () => 0.5, now: () => now, token: "t", waits: () => 700, knock };
    const patient = new Socket({ url: "ws://house/", resumeFrom: () => null, on: { state: () => {} }, env });
    patient.connect();
    const made = FakeWebSocket.made.length;
    assert.deepEqual(last().protocols, ["housefull.v1", "token.t"]);
    last().die(1006);
    for (let n = 0; n < 3; n += 1) {
      pass(700);
      await Promise.resolve();
      await Promise.resolve();
    }

    assert.deepEqual(asked, [1, 2, 3]);
    assert.equal(FakeWebSocket.made.length, made);
    isThere = true;
    pass(700);
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(FakeWebSocket.made.length, made + 1);
  });

  it("measures round trips with its pings", () => {
    last().open();
    pass(0);
    now += 40;
    last().say({ type: "pong", id: last().sent[0].id, client_ms: 0, server_ms: 777 });

    assert.deepEqual(samples, [{ sentMs: 0, receivedMs: 40, serverMs: 777 }]);
    assert.deepEqual(frames, []);
  });

  it("notices a line that is dead without a word", () => {
    last().open();
    pass(0);
    pass(11_000);

    assert.equal(states.at(-1)[0], "waiting");
    assert.equal(FakeWebSocket.made[0].readyState, 3);
  });

  it("does not wait when the network is back", () => {
    last().die(1006);
    socket.wake();
    assert.equal(FakeWebSocket.made.length, 2);
  });

  it("looks whether the line still lives when the page is shown again", () => {
    last().open();
    const before = last().sent.length;
    socket.wake();
    assert.equal(last().sent.length, before + 1);
    assert.equal(FakeWebSocket.made.length, 1);
  });

  it("ignores the late end of a connection that was given up", () => {
    const first = last();
    first.open();
    socket.drop();
    const waiting = states.length;
    first.die(1006);
    assert.equal(states.length, waiting);
  });

  it("says when nothing was sent", () => {
    assert.equal(socket.send({ type: "sync" }), false);
    last().open();
    assert.equal(socket.send({ type: "sync" }), true);
  });
});

describe("close codes", () => {
  it("below 4500 mean come back, from 4500 on stay away", () => {
    for (const code of [1000, 1001, 1006, 1012, 4000, 4001, 4002, 4499]) assert.equal(comesBack(code), true, code);
    for (const code of [4500, 4501, 4504, 4508, 4999]) assert.equal(comesBack(code), false, code);
  });

  it("of the final kind all say what to do", () => {
    for (const code of [4500, 4501, 4504, 4508, 4777]) assert.match(reasonOf(code), /^[A-Z].*\.$/);
  });
});
