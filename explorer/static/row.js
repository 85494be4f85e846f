// Everything that is known of one structure.

import { data } from "./data.js";
import { h, number, orError, plainTable, tree } from "./dom.js";
import { draw } from "./plots.js";
import { structureCard } from "./structure.js";

const card = (title, ...content) => h("section", { class: "card" }, h("h2", {}, title), ...content);

export async function showRow(body, id, signal, heading) {
  const found = await data.get(`rows/${encodeURIComponent(id)}`, {}, signal);
  heading.textContent = found.name;
  document.title = `${found.name} – amalgamics`;
  const about = h("p", { class: "quiet" }, `${found.formula}${found.space_group ? ` · ${found.space_group}` : ""} · row ${found.id}`);
  const file = (part, text) => {
    const href = data.link(`rows/${found.id}/${part}`);
    return href && h("a", { class: "button", href, download: `row-${found.id}.${part}` }, text);
  };
  const keep = h("div", { class: "controls" }, file("cif", "download CIF"), file("json", "download JSON (pymatgen)"),
    h("a", { class: "button", href: "#/rows" }, "all structures"));
  const failed = found.reason ? h("p", { class: "error" }, `its calculation failed: ${found.reason}`) : null;
  const pattern = h("div");
  const phonons = h("div");
  body.replaceChildren(...[about, failed, keep].filter(Boolean),
    h("div", { class: "two" }, structureCard(found), card("Numbers", numbers(found))),
    pattern, phonons,
    card("Provenance", h("details", { open: true }, h("summary", {}, "where it comes from"),
      tree({ ...found.origin, relaxation: found.settings, potential: found.provenance }))));
  orError(h("p"), () => showPlace(found, body, signal));
  if (found.is_crystal) {
    orError(pattern, () => showPattern(found, pattern, signal));
    orError(phonons, () => showPhonons(found, phonons, signal));
  }
}

function numbers(found) {
  const cell = found.structure;
  const text = (values, digits) => values.map((value) => number(value, digits)).join(", ");
  const rows = [["a, b, c of the cell (Å)", text(cell.lengths, 4)], ["α, β, γ (°)", text(cell.angles, 2)]];
  if (found.lattice) {
    rows.push(["conventional a, b, c (Å)", text(found.lattice.slice(0, 3), 4)],
      ["conventional α, β, γ (°)", text(found.lattice.slice(3), 2)]);
  }
  for (const key of ["formation_energy_per_atom", "e_above_hull"]) rows.push([key, h("span", { "data-place": key })]);
  for (const [key, value] of Object.entries(found.keys).sort(([a], [b]) => a.localeCompare(b))) {
    const whole = typeof value === "number" && Number.isInteger(value);
    rows.push([key, typeof value === "number" && !whole ? number(value, 5) : String(value ?? "")]);
  }
  return plainTable("numbers", ["key", "value"], rows, "keys");
}

async function showPlace(found, body, signal) {
  const answer = await data.get("places", { ids: found.id }, signal);
  for (const [key, value] of Object.entries(answer.places[found.id] || {})) {
    body.querySelector(`[data-place="${key}"]`).textContent = value === null ? "on no hull" : number(value, 5);
  }
}

async function showPattern(found, place, signal) {
  const { radiations } = await data.get("about", {}, signal);
  const plot = h("div", { class: "plot low", id: "pattern", role: "img", "aria-label": `powder pattern of ${found.name}` });
  const error = h("div");
  const choose = h("select", { name: "radiation" }, radiations.map((name) => h("option", {}, name)));
  const load = () => orError(error, async () => {
    error.replaceChildren();
    const answer = await data.get(`rows/${found.id}/pattern`, { radiation: choose.value }, signal);
    if (!plot.isConnected) place.querySelector(".card").append(plot);
    await draw(plot, answer.figure);
  });
  choose.addEventListener("change", load);
  place.replaceChildren(card("Powder pattern",
    h("div", { class: "controls" }, h("label", {}, "radiation", choose)), error));
  await load();
}

async function showPhonons(found, place, signal) {
  const answer = await data.get(`rows/${found.id}/phonons`, {}, signal);
  if (!answer.figure) {
    place.replaceChildren(card("Phonons", h("p", { class: "quiet" }, answer.reason)));
    return;
  }
  const plot = h("div", { class: "plot", id: "phonons", role: "img", "aria-label": `phonons of ${found.name}` });
  place.replaceChildren(card("Phonons", h("p", { class: "quiet" }, h("a", { href: `#/rows/${answer.row}` }, answer.name)), plot));
  await draw(plot, answer.figure);
}
