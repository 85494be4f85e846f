"use strict";
(function () {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plots = Object.keys(figures)
    .map((id) => ({ id, node: document.getElementById(id), figure: figures[id],
      axis: Object.keys(figures[id].alternatives || {})[0] }))
    .filter((plot) => plot.node);

  const draw = (plot) => drawFigure(plot.node, plot.figure, plot.axis);
  const drawAll = () => plots.forEach(draw);
  drawAll();
  for (const query of ["(prefers-color-scheme: dark)", "print"]) {
    window.matchMedia(query).addEventListener("change", drawAll);
  }
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((block) => { block.open = true; });
  });

  document.querySelectorAll(".switch").forEach((group) => {
    const plot = plots.find((candidate) => candidate.id === group.dataset.figure);
    const buttons = group.querySelectorAll("button");
    buttons.forEach((button) => button.addEventListener("click", () => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === button)));
      plot.axis = button.dataset.axis;
      draw(plot);
    }));
  });

  // Sorting: a cell's data-value, or its text; empty cells stay last in both directions.
  const collator = new Intl.Collator("en", { numeric: true });
  function cellValue(row, index) {
    const cell = row.cells[index];
    return cell.dataset.value !== undefined ? cell.dataset.value : cell.textContent.trim();
  }
  function compare(a, b, numeric, sign) {
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (numeric ? Number(a) - Number(b) : collator.compare(a, b));
  }
  document.querySelectorAll("table.sortable").forEach((table) => {
    const headers = table.querySelectorAll("thead th");
    headers.forEach((header, index) => {
      const button = header.querySelector("button");
      if (!button) return;
      button.addEventListener("click", () => {
        const ascending = header.getAttribute("aria-sort") !== "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        const numeric = header.classList.contains("number");
        const rows = Array.from(table.tBodies[0].rows);
        rows.sort((a, b) => compare(cellValue(a, index), cellValue(b, index), numeric, ascending ? 1 : -1));
        table.tBodies[0].append(...rows);
      });
    });
  });

  const subscripts = "₀₁₂₃₄₅₆₇₈₉";
  const plain = (text) => text.toLowerCase().replace(/[₀-₉]/g, (digit) => String(subscripts.indexOf(digit)));
  document.querySelectorAll("form.filters").forEach((form) => {
    const rows = Array.from(document.getElementById(form.dataset.table).tBodies[0].rows);
    const output = form.querySelector("output");
    function apply() {
      const text = plain(form.elements.text.value.trim());
      const kind = form.elements.kind.value;
      const limit = form.elements.limit.value;
      let shown = 0;
      rows.forEach((row) => {
        const visible = plain(row.textContent).includes(text)
          && (kind === "" || row.dataset.kind === kind)
          && (limit === "" || Number(row.dataset.above) <= Number(limit));
        row.hidden = !visible;
        shown += visible;
      });
      output.textContent = `${shown} of ${rows.length} phases`;
    }
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    apply();
  });
  document.documentElement.dataset.ready = "true";
})();
