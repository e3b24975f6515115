// The button that copies the command.

/** Makes the copy button work; without a clipboard it marks the command instead, and says so. */
export function startCopying() {
  const button = document.getElementById("copy");
  const command = document.getElementById("command");
  if (!button || !command) return;
  const said = document.getElementById("copied");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const isCopied = await copied(command.textContent);
    if (!isCopied) getSelection().selectAllChildren(command);
    button.textContent = isCopied ? "Copied" : "Marked";
    said.textContent = isCopied ? "The command is copied." : "The command is marked: copy it with your keyboard.";
  });
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard on a page that is not secure, or it was refused.
    return false;
  }
}
