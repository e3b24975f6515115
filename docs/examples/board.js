// A lobby board in plain JavaScript: board.html?house=https://tickets.example&theatre=lantern-house
// The house must trust the origin of this page (CSRF_TRUSTED_ORIGINS), or be its own.
const { house, theatre } = Object.fromEntries(new URLSearchParams(location.search));
const shows = new Map();
let zone;
let heardAt = -Infinity;

function connect() {
  const socket = new WebSocket(`${house.replace("http", "ws")}/ws/theatres/${theatre}/board/`, ["housefull.v1"]);
  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onclose = ({ code }) => code < 4500 && setTimeout(connect, 500 + 500 * Math.random());
}

function take(frame) {
  if (frame.type === "board") {
    shows.clear();
    zone = frame.theatre.time_zone;
    document.getElementById("theatre").textContent = frame.theatre.name;
  }
  for (const show of frame.shows ?? []) shows.set(show.id, show);
  if (frame.shows) heardAt = performance.now();
  draw();
}

function draw() {
  const rows = [...shows.values()].map(({ starts_at, movie, screen, available, status }) => {
    const time = new Date(starts_at).toLocaleTimeString("en-IN", { timeZone: zone, timeStyle: "short" });
    const row = document.createElement("tr");
    for (const text of [time, movie, screen, available, status]) row.insertCell().textContent = text;
    return row;
  });
  document.getElementById("shows").replaceChildren(...rows);
}

setInterval(() => {
  const seconds = Math.round((performance.now() - heardAt) / 1000);
  document.getElementById("age").textContent = seconds > 10 ? `NOT LIVE for ${seconds} s` : "live";
}, 1000);
connect();
