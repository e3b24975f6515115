// Buttons that need the script, and the question before something that cannot be taken back.

/** The script is there: from now on a press is heard. */
export function wakeButtons() {
  for (const button of document.querySelectorAll("[data-wakes]")) button.disabled = false;
}

/** Ask with the dialog of that id: resolves to whether it was answered with yes. */
export function ask(id) {
  const dialog = document.getElementById(id);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
