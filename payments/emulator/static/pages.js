// Keeps the overview and the phone fresh, and does what their buttons say.

const LOOK_MS = 1500;
const live = document.getElementById("live");
const says = document.getElementById("says");

/** Put what changed in place, and nothing else: focus, scrolling and selection stay. */
async function refresh() {
  let fresh;
  try {
    const reply = await fetch(location.pathname, { cache: "no-store" });
    fresh = new DOMParser().parseFromString(await reply.text(), "text/html").getElementById("live");
  } catch {
    says.textContent = "The emulator does not answer.";
    return;
  }
  if (fresh && !live.isEqualNode(fresh)) morph(live, fresh);
}

function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  const alike = old.nodeType === 1 && fresh.nodeType === 1 && old.tagName === fresh.tagName;
  if (!alike) return void old.replaceWith(fresh.cloneNode(true));
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
  const theirs = [...fresh.childNodes];
  [...old.childNodes].slice(theirs.length).forEach((gone) => gone.remove());
  theirs.forEach((child, at) => {
    if (old.childNodes[at]) morph(old.childNodes[at], child);
    else old.append(child.cloneNode(true));
  });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-post]");
  if (!button) return;
  const path = button.dataset.post;
  const reply = await fetch(path.startsWith("/") ? path : `/emulator/${path}`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: button.dataset.body,
  });
  says.textContent = reply.ok ? `Done: ${button.textContent}.` : (await reply.json()).detail;
  await refresh();
});

(async () => {
  for (;;) {
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
    if (!document.hidden) await refresh();
  }
})();
