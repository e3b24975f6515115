// On every page: a time in another zone than the visitor's names its zone.

for (const time of document.querySelectorAll("time[data-zone]")) {
  const at = new Date(time.dateTime);
  const zone = time.dataset.zone;
  const there = at.toLocaleString("en-IN", { timeZone: zone });
  if (there === at.toLocaleString("en-IN")) continue;
  const parts = new Intl.DateTimeFormat("en-IN", { timeZone: zone, timeZoneName: "short" }).formatToParts(at);
  time.append(` ${parts.find((part) => part.type === "timeZoneName").value}`);
}
