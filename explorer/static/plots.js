// Figures of the reports, drawn by plotly as there, again when the colour scheme changes.

import { h, loadScript } from "./dom.js";

const drawn = new Map();

export async function draw(node, figure, axis = Object.keys(figure.alternatives || {})[0]) {
  await loadScript("static/plotly.js");
  await loadScript("static/figures.js");
  for (const other of drawn.keys()) if (!other.isConnected) drawn.delete(other);
  drawn.set(node, { figure, axis });
  // eslint-disable-next-line no-undef -- figures.js defines it
  await drawFigure(node, structuredClone(figure), axis);
  return node;
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const [node, { figure, axis }] of drawn) if (node.isConnected) draw(node, figure, axis);
});

// A plot with buttons for its axes, where it has several.
export function plotWithAxes(id, label, figure, names) {
  const node = h("div", { class: "plot", id, role: "img", "aria-label": label });
  const buttons = Object.keys(figure.alternatives || {}).map((axis, number) =>
    h("button", { type: "button", class: "button", "aria-pressed": number === 0, onclick: (event) => {
      buttons.forEach((other) => other.setAttribute("aria-pressed", String(other === event.currentTarget)));
      draw(node, figure, axis);
    } }, names[axis] || axis));
  return { node, box: h("div", {}, buttons.length > 1 ? h("div", { class: "controls" }, buttons) : null, node) };
}
