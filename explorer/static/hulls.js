// The convex hull of a system; a click on a point, or its name in the table, leads to the structure.

import { data } from "./data.js";
import { h, orError, plainTable } from "./dom.js";
import { draw, plotWithAxes } from "./plots.js";

const AXES = { host: "per g host", alloy: "per g alloy" };

export async function showHulls(body, asked, signal) {
  const { systems } = await data.get("systems", {}, signal);
  if (!systems.length) throw new Error("the database has no relaxed compound yet");
  const sorted = (system) => system.split("-").sort().join("-"); // as the database names systems
  const wanted = asked.system || systems[0].system;
  const known = systems.find((one) => sorted(one.system) === sorted(wanted));
  const chosen = known ? known.system : wanted;
  const options = known ? systems : [{ system: chosen, rows: "?" }, ...systems];
  const choose = h("select", { name: "system", onchange: () => {
    location.hash = `#/hulls?${new URLSearchParams({ system: choose.value })}`;
  } }, options.map((one) => h("option", { value: one.system, selected: one.system === chosen }, `${one.system} (${one.rows} rows)`)));
  const controls = h("div", { class: "controls" }, h("label", {}, "system", choose));
  const place = h("div", {}, h("p", { class: "quiet" }, "building the hull …"));
  body.replaceChildren(h("section", { class: "card" }, controls), place);
  await orError(place, async () => {
    const found = await data.get("hull", { system: chosen, potential: asked.potential }, signal);
    const potential = h("select", { name: "potential", onchange: () => {
      location.hash = `#/hulls?${new URLSearchParams({ system: chosen, potential: potential.value })}`;
    } }, Object.entries(found.potentials).map(([name, rows]) =>
      h("option", { value: name, selected: name === found.potential }, `${name} (${rows} rows)`)));
    controls.append(h("label", {}, "potential", potential));
    await fill(place, found);
  });
}

async function fill(place, found) {
  const link = (phase) => h("a", { href: `#/rows/${phase.id}` }, phase.name);
  const table = plainTable("phases", ["name", "formula", "space group", "kind", "E_f (eV/atom)", "above hull (eV/atom)", "V (Å³/atom)"],
    found.phases.map((phase) => [link(phase), phase.formula, phase.space_group, phase.kind,
      [phase.formation_energy_per_atom, 4], [phase.e_above_hull, 4], [phase.volume_per_atom, 2]]));
  const said = [...found.remarks, ...found.notes, ...found.failed.map((one) => `${one.name} failed: ${one.reason}`)];
  const headline = h("p", { class: "strong" }, found.headline);
  const remarks = said.length ? h("ul", { class: "remarks" }, said.map((text) => h("li", {}, text))) : null;
  const plot = h("div", { class: "plot", id: "hull", role: "img", "aria-label": `convex hull of ${found.system}; the table below has its numbers` });
  const parts = [h("section", { class: "card" }, headline,
    found.figure ? [plot, h("p", { class: "hint" }, "a click on a point opens its structure")] : null)];
  if (remarks) parts.push(h("section", { class: "card" }, h("h2", {}, "Worth a second look"), remarks));
  const voltages = found.voltages && plotWithAxes("voltages", `voltages of ${found.system}`, found.voltages, AXES);
  if (voltages) parts.push(h("section", { class: "card" }, h("h2", {}, "Voltages"), voltages.box));
  parts.push(h("section", { class: "card" }, h("h2", {}, `${found.phases.length} phases`), table));
  place.replaceChildren(...parts);
  if (found.figure) {
    await draw(plot, found.figure);
    plot.on("plotly_click", (event) => {
      const id = event.points[0]?.customdata;
      if (id) location.hash = `#/rows/${id}`;
    });
  }
  if (voltages) await draw(voltages.node, found.voltages);
}
