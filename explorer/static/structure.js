// A structure in three dimensions, by 3Dmol.js: turned with the pointer, or with the arrow keys.

import { h, loadScript } from "./dom.js";

const RADIUS = 0.42;
const MOST_ATOMS = 4000;

export function structureCard(found) {
  const { structure } = found;
  const stage = h("div", { class: "stage", id: "structure", tabindex: 0, role: "img",
    "aria-label": `structure of ${found.name}; arrow keys turn it` });
  const legend = h("ul", { class: "swatches" });
  const copies = h("select", { name: "copies" }, [1, 2, 3].map((n) => h("option", { value: n }, `${n} × ${n} × ${n}`)));
  const box = h("section", { class: "card" }, h("h2", {}, "Structure"),
    structure.cell ? h("div", { class: "controls" }, h("label", {}, "cells", copies)) : null, stage, legend);
  start(stage, legend, copies, structure).catch((error) => {
    stage.replaceChildren(h("p", { class: "quiet" }, `the structure cannot be drawn here (${error.message}); download it instead`));
  });
  return box;
}

async function start(stage, legend, copies, structure) {
  if (!structure.symbols.length) throw new Error("it has no atoms with positions");
  await loadScript("static/vendor/3Dmol-min.js");
  const library = window.$3Dmol;
  const background = () => getComputedStyle(document.documentElement).getPropertyValue("--card").trim();
  const viewer = library.createViewer(stage, { backgroundColor: background() });
  if (!viewer) throw new Error("this browser has no WebGL");
  const show = () => {
    fill(viewer, structure, structure.cell ? Number(copies.value) : 1);
    viewer.zoomTo();
    viewer.render();
  };
  copies.addEventListener("change", show);
  show();
  viewer.rotate(-70, "x");
  viewer.rotate(12, "y");
  viewer.rotate(4, "x");
  viewer.zoom(0.92);
  viewer.render();
  stage.addEventListener("keydown", (event) => {
    const turn = { ArrowLeft: [-10, "y"], ArrowRight: [10, "y"], ArrowUp: [-10, "x"], ArrowDown: [10, "x"] }[event.key];
    if (turn) viewer.rotate(...turn);
    else if (event.key === "+") viewer.zoom(1.1);
    else if (event.key === "-") viewer.zoom(0.9);
    else return;
    event.preventDefault();
    viewer.render();
  });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    viewer.setBackgroundColor(background());
    viewer.render();
  });
  legend.replaceChildren(...[...new Set(structure.symbols)].map((symbol) => h("li", {}, swatch(colourOf(symbol)), symbol)));
  if (structure.n_atoms > structure.symbols.length) {
    legend.append(h("li", { class: "quiet" }, `the first ${structure.symbols.length} of ${structure.n_atoms} atoms`));
  }
  stage.dataset.drawn = String(structure.symbols.length);
}

function colourOf(symbol) {
  const found = window.$3Dmol.elementColors.Jmol[symbol];
  return `#${(found === undefined ? 0xff1493 : found).toString(16).padStart(6, "0")}`;
}

function swatch(colour) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 14 14");
  picture.setAttribute("aria-hidden", "true");
  const dot = document.createElementNS(space, "circle");
  for (const [name, value] of Object.entries({ cx: 7, cy: 7, r: 6, fill: colour, stroke: "currentColor" })) dot.setAttribute(name, value);
  picture.append(dot);
  return picture;
}

const add = (point, cell, steps) => point.map((value, axis) =>
  value + steps.reduce((sum, step, i) => sum + step * cell[i][axis], 0));
const point = ([x, y, z]) => ({ x, y, z });

function fill(viewer, structure, copies) {
  viewer.removeAllModels();
  viewer.removeAllShapes();
  const { cell } = structure;
  const range = [...Array(copies).keys()];
  const shifts = cell ? range.flatMap((a) => range.flatMap((b) => range.map((c) => [a, b, c]))) : [[0, 0, 0]];
  const atoms = [];
  structure.positions.forEach((position, i) => {
    // An atom at the origin of an axis is drawn at its other end, too.
    const reach = (axis) => (structure.at_edge[i][axis] ? [...range, copies] : range);
    const images = cell ? reach(0).flatMap((a) => reach(1).flatMap((b) => reach(2).map((c) => [a, b, c]))) : [[0, 0, 0]];
    for (const steps of images) {
      if (atoms.length >= MOST_ATOMS && steps.some((step) => step !== 0)) break;
      atoms.push(`${structure.symbols[i]} ${(cell ? add(position, cell, steps) : position).join(" ")}`);
    }
  });
  viewer.addModel(`${atoms.length}\n\n${atoms.join("\n")}`, "xyz");
  viewer.setStyle({}, { stick: { radius: 0.08, colorscheme: "Jmol" }, sphere: { scale: RADIUS, colorscheme: "Jmol" } });
  if (!cell) return;
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--axis").trim();
  for (const steps of shifts) {
    for (let axis = 0; axis < 3; axis += 1) {
      for (const [i, j] of [[0, 0], [0, 1], [1, 0], [1, 1]]) {
        const from = [...steps];
        from[(axis + 1) % 3] += i;
        from[(axis + 2) % 3] += j;
        const to = [...from];
        to[axis] += 1;
        viewer.addLine({ start: point(add([0, 0, 0], cell, from)), end: point(add([0, 0, 0], cell, to)), color: colour });
      }
    }
  }
}
