// The seat map by raw ws: one subscription for each show that somebody looks at, a ready frame for all its viewers.
// PORT on the command line; REDIS_URL, DATABASE_URL and COALESCE_MS in the environment.

import { Sender, WebSocket, WebSocketServer } from "ws";
import { BoxOffice, changesChannel, connectRedis } from "./box_office.mjs";
import { Changes } from "./changes.mjs";

const windowMs = Number(process.env.COALESCE_MS ?? 0);
const redis = connectRedis();
const subscriber = redis.duplicate({ enableAutoPipelining: false });
const office = new BoxOffice(redis, { tells: true });
// Channel -> {show, viewers, subscribed}.
const rooms = new Map();

// The whole WebSocket frame is made once, as socket.io does it, not once for each viewer.
function frameOf(payload) {
  const options = { fin: true, rsv1: false, opcode: 1, mask: false, readOnly: true };
  return [Buffer.concat(Sender.frame(payload, options))];
}

function tell(room, payload) {
  const frame = frameOf(payload);
  for (const viewer of room.viewers) {
    if (viewer.readyState === WebSocket.OPEN) viewer._sender.sendFrame(frame);
  }
}

const changes = new Changes(windowMs, (room, message) => tell(room, Buffer.from(JSON.stringify(message))));

subscriber.on("messageBuffer", (channel, payload) => {
  const room = rooms.get(channel.toString());
  if (room === undefined) return;
  if (windowMs === 0) {
    tell(room, payload);
  } else {
    const message = JSON.parse(payload);
    changes.add(room, message.version, message.changes);
  }
});

async function enter(channel, viewer) {
  let room = rooms.get(channel);
  if (room === undefined) {
    room = { viewers: new Set(), subscribed: subscriber.subscribe(channel) };
    rooms.set(channel, room);
  }
  room.viewers.add(viewer);
  viewer.once("close", () => {
    room.viewers.delete(viewer);
    if (room.viewers.size > 0) return;
    rooms.delete(channel);
    subscriber.unsubscribe(channel);
  });
  await room.subscribed;
}

const server = new WebSocketServer({ host: "127.0.0.1", port: Number(process.argv[2]), clientTracking: false });
server.on("connection", async (viewer, request) => {
  const { pathname, searchParams } = new URL(request.url, "ws://here");
  const show = Number(pathname.split("/")[3]);
  const holder = searchParams.get("holder");
  viewer.on("error", () => viewer.terminate());
  viewer.on("message", async (data) => {
    const { id, seats } = JSON.parse(data);
    const { answer } = await office.hold(show, holder, seats);
    viewer.send(JSON.stringify({ id, ...answer }));
  });
  await enter(changesChannel(show), viewer);
  viewer.send(JSON.stringify(await office.snapshot(show)));
});
