// What this phone remembers of its doors: the last show, and the gate at each theatre. Private windows forget.

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

function read(name) {
  try {
    return localStorage.getItem(`housefull ${name}`);
  } catch {
    return null;
  }
}

function write(name, value) {
  try {
    localStorage.setItem(`housefull ${name}`, value);
  } catch {
    // Nothing is remembered; the page works as well.
  }
}
