// A question before something that cannot be taken back: a dialog with a yes and a no.

/** Ask with the dialog of that id: resolves to whether it was answered with yes. */
export function ask(id) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
