// The page of a ticket: print it, say which seat is in view, and keep it for when the phone is offline.

import { keepOffline } from "./keepOffline.js";

const MOST = 0.6;

const print = document.getElementById("print");
print.addEventListener("click", () => window.print());
print.disabled = false;

// Which of the codes is in view: a swipe and a press on its name lead to the same mark.
const links = new Map([...document.querySelectorAll(".codes-jump a")].map((link) => [link.hash.slice(1), link]));
if (links.size > 0) {
  const codes = document.getElementById("codes");
  const seen = new IntersectionObserver((entries) => entries.forEach(mark), { root: codes, threshold: MOST });
  codes.querySelectorAll(".seat-ticket").forEach((card) => seen.observe(card));
}

function mark({ target, isIntersecting }) {
  const link = links.get(target.id);
  if (isIntersecting) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

keepOffline();
