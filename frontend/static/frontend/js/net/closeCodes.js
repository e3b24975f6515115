// What a close code means for the page: come back, or stay away and say why (contract, section 3).

const REASONS = {
  4500: "This page is out of date. Reload it to see seats live.",
  4501: "This page lost track of who you are. Reload it to go on.",
  4504: "This show is no longer on. Go back and choose another time.",
  4508: "This page was signed off by the cinema.",
};

/** Whether to connect again after `code`. 4500 to 4999 are final; everything else is a broken line or a restart. */
export function comesBack(code) {
  return code < 4500 || code > 4999;
}

export function reasonOf(code) {
  return REASONS[code] ?? "Live updates have stopped. Reload the page to go on.";
}
