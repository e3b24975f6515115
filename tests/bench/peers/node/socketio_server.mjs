// The seat map by socket.io with its Redis adapter: a room for each show, acknowledgements for answers.
// PORT on the command line; REDIS_URL, DATABASE_URL and COALESCE_MS in the environment.

import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { Server } from "socket.io";
import { BoxOffice, connectRedis } from "./box_office.mjs";
import { Changes } from "./changes.mjs";

const redis = connectRedis();
const subscriber = redis.duplicate({ enableAutoPipelining: false });
const office = new BoxOffice(redis, { tells: false });
const http = createServer();
const io = new Server(http, {
  transports: ["websocket"],
  serveClient: false,
  adapter: createAdapter(redis, subscriber),
});
const roomOf = (show) => `show:${show}`;
// The adapter encodes once, hands the ready frame to every socket here, and publishes to the other processes.
const changes = new Changes(Number(process.env.COALESCE_MS ?? 0), (show, message) =>
  io.to(roomOf(show)).emit("seats", message),
);

io.on("connection", async (socket) => {
  const { show, holder } = socket.handshake.auth;
  socket.on("hold", async ({ seats }, answer) => {
    const held = await office.hold(show, holder, seats);
    if (held.changes !== undefined) changes.add(show, held.version, held.changes);
    answer(held.answer);
  });
  socket.join(roomOf(show));
  socket.emit("snapshot", await office.snapshot(show));
});

http.listen(Number(process.argv[2]), "127.0.0.1");
