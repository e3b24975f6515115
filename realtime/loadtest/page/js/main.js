// What begins when the page is there.

import { startCopying } from "./copying.js";
import { readCharts } from "./readings.js";
import { startReplay } from "./replay.js";

startCopying();
readCharts();
const seek = startReplay(JSON.parse(document.getElementById("replay-data").textContent));
if (seek) {
  for (const button of document.querySelectorAll("[data-seek]")) {
    button.hidden = false;
    button.addEventListener("click", () => seek(Number(button.dataset.seek)));
  }
}
