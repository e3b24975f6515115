// On every page: times in another zone than the visitor's name their zone, beside the time or once for a list.

function foreignZone(time, zone) {
  const at = new Date(time.dateTime);
  if (at.toLocaleString("en-IN", { timeZone: zone }) === at.toLocaleString("en-IN")) return null;
  const parts = new Intl.DateTimeFormat("en-IN", { timeZone: zone, timeZoneName: "short" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName").value;
}

for (const time of document.querySelectorAll("time[data-zone]")) {
  const zone = foreignZone(time, time.dataset.zone);
  if (zone) time.append(` ${zone}`);
}

const note = document.getElementById("zone-note");
if (note) {
  const times = [...document.querySelectorAll("time[data-list-zone]")];
  const zones = new Set(times.map((time) => foreignZone(time, time.dataset.listZone)).filter(Boolean));
  note.hidden = zones.size === 0;
  note.textContent = `Times are the theatre’s, in ${[...zones].join(" and ")}.`;
}
