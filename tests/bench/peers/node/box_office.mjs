// The box office of both Node peers: seats are locked by one Lua script in Redis, all or none, and winners get their
// booking and claims in PostgreSQL by one statement. Calls of one loop turn leave as one pipeline (ioredis).

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { Redis } from "ioredis";
import pg from "pg";

const HOLD_MS = 600_000;
const PRICE_PAISE = 25_000;
// More do not help a PostgreSQL that has a core to itself; fewer leave it waiting.
const DATABASE_CONNECTIONS = 20;
const UNIQUE_VIOLATION = "23505";
const CLAIM = `
WITH booking AS (
    INSERT INTO bookings_booking (id, show_id, holder, status, expires_at)
    VALUES ($1, $2, $3, 'pending', to_timestamp($4 / 1000.0)) RETURNING id, show_id
)
INSERT INTO bookings_seatclaim (show_id, seat_index, booking_id, price_paise)
SELECT show_id, seat_index, id, ${PRICE_PAISE} FROM booking, unnest($5::smallint[]) AS seat_index`;
const SEATS = `
SELECT seats FROM bookings_layout AS layout JOIN bookings_show AS show ON show.layout_id = layout.id WHERE show.id = $1`;

const script = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const seatsKey = (show) => `peer:{${show}}:seats`;
const versionKey = (show) => `peer:{${show}}:version`;

export const changesChannel = (show) => `peer:{${show}}:changes`;

export const connectRedis = () => new Redis(process.env.REDIS_URL, { enableAutoPipelining: true });

export class BoxOffice {
  // `tells`: whether the script itself publishes each change on the show's channel; else the caller does.
  constructor(redis, { tells }) {
    this.redis = redis;
    this.tells = tells;
    this.pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: DATABASE_CONNECTIONS });
    this.layouts = new Map();
    redis.defineCommand("grabSeats", { numberOfKeys: 2, lua: script("grab_seats.lua") });
    redis.defineCommand("giveBackSeats", { numberOfKeys: 2, lua: script("give_back_seats.lua") });
  }

  // `answer` is {type: "held", …}, {type: "refused", code, seats} or {type: "error", code}; of a held one also the
  // `version` and the `changes` to show.
  async hold(show, holder, labels) {
    const indexes = await this.#indexesOf(show);
    const seats = labels.map((label) => indexes.get(label));
    if (seats.length === 0 || seats.includes(undefined)) return { answer: { type: "error", code: "unknown_seats" } };
    const pairs = labels.flatMap((label, place) => [seats[place], label]);
    const keys = [seatsKey(show), versionKey(show)];
    const channel = this.tells ? changesChannel(show) : "";
    const [verdict, ...found] = await this.redis.grabSeats(...keys, holder, HOLD_MS, channel, ...pairs);
    if (verdict === "refused") return { answer: refusal(found) };

    const [version, expires] = found;
    const booking = randomUUID();
    try {
      await this.pool.query({ name: "claim", text: CLAIM, values: [booking, show, holder, expires, seats] });
    } catch (error) {
      // Nobody owns what PostgreSQL did not write down.
      await this.redis.giveBackSeats(...keys, holder, channel, ...pairs);
      if (error.code === UNIQUE_VIOLATION) return { answer: refusal(labels) };
      console.error(error);
      return { answer: { type: "error", code: "try_again" } };
    }
    const expiresMs = Number(expires);
    return {
      answer: { type: "held", booking, seats: labels, version, expires_ms: expiresMs },
      version,
      changes: seats.map((seat) => [seat, "H", expiresMs]),
    };
  }

  // What a newcomer is shown: the version, and the seats that somebody has.
  async snapshot(show) {
    const [version, records] = await Promise.all([
      this.redis.get(versionKey(show)),
      this.redis.hgetall(seatsKey(show)),
    ]);
    const now = Date.now();
    const taken = Object.keys(records).filter((label) => Number(records[label].split(" ")[1]) > now);
    return { type: "snapshot", version: Number(version ?? 0), taken };
  }

  // Seat label -> index, read once: a show never changes its layout. A show that is not there has no seats.
  #indexesOf(show) {
    let indexes = this.layouts.get(show);
    if (indexes === undefined) {
      indexes = this.pool.query(SEATS, [show]).then(({ rows }) => {
        const seats = rows.length > 0 ? rows[0].seats : [];
        return new Map(seats.map((seat, index) => [seat.label, index]));
      });
      this.layouts.set(show, indexes);
    }
    return indexes;
  }
}

const refusal = (labels) => ({ type: "refused", code: "seats_unavailable", seats: labels });
