// What this phone remembers of its doors: the last show, the gate at each theatre, and, in this tab, the scans that
// have got no answer. Private windows forget.

export function lastDoor() {
  return read("door");
}

export function rememberDoor(show) {
  write("door", String(show));
}

export function gateAt(theatre) {
  return read(`gate ${theatre}`) ?? "";
}

export function rememberGate(theatre, gate) {
  write(`gate ${theatre}`, gate);
}

export function unansweredAt(show) {
  try {
    return JSON.parse(read(`unanswered ${show}`, "sessionStorage")) ?? [];
  } catch {
    return [];
  }
}

export function rememberUnanswered(show, scans) {
  write(`unanswered ${show}`, JSON.stringify(scans), "sessionStorage");
}

function read(name, where = "localStorage") {
  try {
    return globalThis[where].getItem(`housefull ${name}`);
  } catch {
    return null;
  }
}

function write(name, value, where = "localStorage") {
  try {
    globalThis[where].setItem(`housefull ${name}`, value);
  } catch {
    // Nothing is remembered; the page works as well.
  }
}
