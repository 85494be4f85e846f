"use strict";
// Draws what the `interactive` modules of the reports make; Plotly is there already.
const drawFigure = (function () {
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

  // axis: which of the figure's `alternatives`, where it has some.
  return function drawFigure(node, figure, axis) {
    const style = getComputedStyle(document.documentElement);
    const data = resolve(figure.data, style);
    const layout = resolve(figure.layout, style);
    const narrow = node.clientWidth < 480;
    if (narrow) {
      layout.font.size = 11;
      layout.margin.l = 50;
      layout.margin.r = 8;
      layout.margin.t = 10;
    }
    const alternatives = figure.alternatives;
    if (alternatives) {
      const chosen = alternatives[axis];
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
    return Plotly.react(node, data, layout, {
      responsive: true,
      displaylogo: false,
      displayModeBar: narrow ? false : "hover",
      // Named one by one: the default set offers to upload the chart.
      modeBarButtons: [["toImage"], ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "resetScale2d"]],
      showSendToCloud: false,
      toImageButtonOptions: { format: "svg", filename: node.id },
    });
  };
})();
