// The table of structures: filtered, sorted and paged by the server.

import { data } from "./data.js";
import { errorBox, h, later, number, scrolling } from "./dom.js";

const DIGITS = { energy_per_atom: 4, formation_energy_per_atom: 4, e_above_hull: 4, volume_per_atom: 2 };
const LIMIT = 50;

export async function showRows(body, asked, signal) {
  const state = { query: "", text: "", sort: "id", offset: 0, ...asked };
  state.offset = Number(state.offset) || 0;
  const count = h("output", { id: "count", "aria-live": "polite" });
  const place = h("div");
  const form = h("form", { class: "controls", role: "search", onsubmit: (event) => event.preventDefault() },
    h("label", { class: "grow" }, "query", h("input", { name: "query", value: state.query, autocomplete: "off",
      spellcheck: "false", placeholder: "Li-Hg,e_above_hull<0.05", "aria-describedby": "query-hint" })),
    h("label", { class: "grow" }, "text in the name, formula, substrate or prototype",
      h("input", { name: "text", type: "search", value: state.text, autocomplete: "off" })));
  const hint = h("p", { class: "hint", id: "query-hint" }, data.isOffline
    ? "a system (Li-Hg), elements (Hg) and conditions on the columns (e_above_hull<0.05, kind=library), joined by commas"
    : "as for amalgamics query: a system (Li-Hg), elements (Hg>2) and conditions (potential=chgnet+d3, natoms<10, " +
    "converged=False for what failed), joined by commas");
  const card = h("section", { class: "card" }, form, hint);
  body.replaceChildren(card, h("section", { class: "card" }, count, place));
  let newest = 0;

  async function load() {
    const number = ++newest;
    const known = Object.fromEntries(Object.entries(state).filter(([key, value]) => value && (key !== "sort" || value !== "id")));
    const query = new URLSearchParams(known).toString();
    history.replaceState(null, "", `#/rows${query ? `?${query}` : ""}`);
    place.classList.add("busy");
    try {
      const found = await data.get("rows", { ...state, limit: LIMIT }, signal);
      if (number !== newest) return;
      fill(found);
      // Hulls that cannot be made leave cells empty; their own view says why.
      await fillPlaces(found, place, signal, () => number === newest).catch(() => {});
    } catch (error) {
      if (error.name === "AbortError" || number !== newest) return;
      count.textContent = "";
      place.replaceChildren(errorBox(error));
    } finally {
      if (number === newest) place.classList.remove("busy");
    }
  }

  function fill(found) {
    place.classList.remove("busy");
    const last = Math.min(found.offset + found.rows.length, found.total);
    count.textContent = found.total === 0 ? "no structure matches"
      : `${found.offset + 1}–${last} of ${found.total} structures`;
    const head = found.columns.map((column) => h("th", { scope: "col", class: column.number ? "number" : null,
      "aria-sort": { [column.key]: "ascending", [`-${column.key}`]: "descending" }[state.sort] || null },
    h("button", { type: "button", "data-key": column.key, onclick: () => sortBy(column.key) }, column.title), column.unit ? h("small", {}, column.unit) : null));
    const rows = found.rows.map((row) => h("tr", { "data-id": row.id, onclick: open },
      found.columns.map((column) => cell(column, row))));
    const table = h("table", { class: "rows" }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, rows));
    const focused = document.activeElement?.dataset?.key;
    place.replaceChildren(scrolling("structures", table), paging(found));
    if (focused) place.querySelector(`button[data-key="${focused}"]`)?.focus();
  }

  function open(event) {
    if (!event.target.closest("a") && !String(window.getSelection())) {
      location.hash = `#/rows/${event.currentTarget.dataset.id}`;
    }
  }

  function cell(column, row) {
    const value = row[column.key];
    if (column.key === "name") {
      return h("th", { scope: "row", title: value }, h("a", { href: `#/rows/${row.id}` }, value || `row ${row.id}`));
    }
    const text = column.key in DIGITS ? number(value, DIGITS[column.key]) : value ?? "";
    return h("td", { class: column.number ? "number" : null, "data-key": column.key,
      title: column.number ? null : text }, String(text));
  }

  function sortBy(key) {
    state.sort = state.sort === key ? `-${key}` : key;
    state.offset = 0;
    load();
  }

  function paging(found) {
    const go = (offset) => () => { state.offset = Math.max(0, offset); load(); };
    const end = Math.max(0, Math.floor((found.total - 1) / LIMIT) * LIMIT);
    const button = (label, offset, disabled) =>
      h("button", { type: "button", class: "button", disabled, onclick: go(offset) }, label);
    return h("div", { class: "paging" },
      button("first", 0, found.offset === 0), button("previous", found.offset - LIMIT, found.offset === 0),
      button("next", found.offset + LIMIT, found.offset + LIMIT >= found.total),
      button("last", end, found.offset >= end));
  }

  const changed = later(() => {
    state.query = form.elements.query.value.trim();
    state.text = form.elements.text.value.trim();
    state.offset = 0;
    load();
  }, 250);
  form.addEventListener("input", changed);
  await load();
}

// What hulls say of the rows comes afterwards: a hull may take longer than the table.
async function fillPlaces(found, place, signal, wanted) {
  let left = found.rows.map((row) => row.id);
  while (left.length && wanted()) {
    const answer = await data.get("places", { ids: left.join(",") }, signal);
    for (const [id, values] of Object.entries(answer.places)) {
      for (const [key, value] of Object.entries(values)) {
        const cell = place.querySelector(`tr[data-id="${id}"] td[data-key="${key}"]`);
        if (cell) cell.textContent = number(value, DIGITS[key]);
      }
    }
    left = answer.left;
  }
}
