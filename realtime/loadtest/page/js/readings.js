// What the charts say where the pointer is: a line, and the numbers in the legend, read from the table below them.

/** Lets every chart that has a table be read. */
export function readCharts() {
  for (const plot of document.querySelectorAll(".plot[data-reads]")) {
    const table = document.getElementById(plot.dataset.reads);
    if (table) readChart(plot, table);
  }
}

function readChart(plot, table) {
  const columns = new Map([...table.tHead.rows[0].cells].map((cell) => [cell.dataset.column, cell.cellIndex]));
  const rows = [...table.tBodies[0].rows];
  const times = rows.map((row) => Number(row.querySelector("data").value));
  const legend = [...plot.parentElement.querySelectorAll(".legend b")];
  const needle = document.createElement("div");
  needle.className = "needle";
  const time = document.createElement("span");
  needle.append(time);
  plot.append(needle);

  plot.addEventListener("pointermove", (event) => {
    const box = plot.querySelector("svg").getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const at = nearest(times, share * Math.max(1, times.at(-1)));
    const place = times[at] / Math.max(1, times.at(-1));
    needle.style.left = `${100 * place}%`;
    needle.dataset.side = place > 0.5 ? "left" : "right";
    time.textContent = rows[at].cells[0].textContent;
    plot.dataset.read = "";
    for (const value of legend) value.textContent = rows[at].cells[columns.get(value.dataset.column)].textContent;
  });
  plot.addEventListener("pointerleave", () => {
    delete plot.dataset.read;
    for (const value of legend) value.textContent = "";
  });
}

/** The place of the time nearest to `wanted` in times that only grow. */
export function nearest(times, wanted) {
  let best = 0;
  times.forEach((time, at) => {
    if (Math.abs(time - wanted) < Math.abs(times[best] - wanted)) best = at;
  });
  return best;
}
