"use strict";
(function () {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const plots = Object.keys(figures)
    .map((id) => ({ id, node: document.getElementById(id), figure: figures[id],
      axis: Object.keys(figures[id].alternatives || {})[0] }))
    .filter((plot) => plot.node);

  // Figures name CSS variables ("--stable") where a colour belongs.
  function resolve(value, style) {
    if (typeof value === "string") {
      return value.startsWith("--") ? style.getPropertyValue(value).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => resolve(item, style));
    if (value && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolve(item, style)]));
    }
    return value;
  }

  function draw(plot) {
    const style = getComputedStyle(document.documentElement);
    const data = resolve(plot.figure.data, style);
    const layout = resolve(plot.figure.layout, style);
    const narrow = plot.node.clientWidth < 480;
    if (narrow) {
      layout.font.size = 11;
      layout.margin.l = 50;
      layout.margin.r = 8;
      layout.margin.t = 10;
    }
    const alternatives = plot.figure.alternatives;
    if (alternatives) {
      const chosen = alternatives[plot.axis];
      data.forEach((trace, i) => { trace.x = chosen.x[i]; });
      layout.annotations.forEach((label, i) => {
        // Those at the frame stay where they are on either axis.
        if (chosen.labels[i] !== null) label.x = chosen.labels[i];
        if (narrow) label.font.size = 10.5;
      });
      (chosen.shapes || []).forEach((reach, i) => { if (reach) [layout.shapes[i].x0, layout.shapes[i].x1] = reach; });
      Object.assign(layout.xaxis, chosen.xaxis || {});
      layout.xaxis.title.text = chosen.title;
      layout.xaxis.range = chosen.range;
    }
    Plotly.react(plot.node, data, layout, {
      responsive: true,
      displaylogo: false,
      displayModeBar: narrow ? false : "hover",
      // Named one by one: the default set offers to upload the chart.
      modeBarButtons: [["toImage"], ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
      showSendToCloud: false,
      toImageButtonOptions: { format: "svg", filename: plot.id },
    });
  }

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
