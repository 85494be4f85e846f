// A page without a server: recorded answers, and the table of structures filtered and sorted here.

import { addressOf, data } from "./data.js";
import { h } from "./dom.js";
import { isPacked, unpack } from "./packed.js";

export async function startOffline() {
  if (!isPacked("data")) return;
  const content = JSON.parse(await unpack("data"));
  data.fill(Object.fromEntries(content.answers.map(([name, parameters, answer]) => [addressOf(name, parameters), answer])),
    { rows: (asked) => rows(content, asked), places: (asked) => places(content, asked) });
  if (!(await data.get("studies")).studies.length) document.querySelector('nav a[href="#/wetting"]').remove();
  if (content.report) document.querySelector("nav").append(h("a", { href: content.report }, "Report"));
}

function rows(content, { query, text, sort, offset, limit }) {
  const wanted = parse(query || "");
  const found = content.rows.filter((row) => contains(row, text || "") && wanted.every((test) => test(row)));
  const key = (sort || "id").replace(/^-/, "");
  const sign = (sort || "id").startsWith("-") ? -1 : 1;
  const missing = (value) => value === null || value === undefined;
  found.sort(({ [key]: a }, { [key]: b }) => {
    if (missing(a) || missing(b)) return Number(missing(a)) - Number(missing(b));
    return sign * (typeof a === "number" ? a - b : String(a).localeCompare(String(b)));
  });
  return { columns: content.columns, rows: found.slice(offset, offset + limit), total: found.length, offset, limit };
}

const places = (content, { ids }) => {
  const asked = new Set(String(ids).split(",").map(Number));
  const keys = ["formation_energy_per_atom", "e_above_hull"];
  const chosen = content.rows.filter((row) => asked.has(row.id));
  return { left: [], places: Object.fromEntries(chosen.map((row) =>
    [row.id, Object.fromEntries(keys.map((one) => [one, row[one] ?? null]))])) };
};

const contains = (row, text) => [row.name, row.reduced_formula].some((value) =>
  String(value ?? "").toLowerCase().includes(text.toLowerCase()));

const elements = (row) => new Set(String(row.reduced_formula ?? "").match(/[A-Z][a-z]?/g) || []);

const COMPARE = {
  "=": (a, b) => a === b, "!=": (a, b) => a !== b, "<": (a, b) => a < b, "<=": (a, b) => a <= b,
  ">": (a, b) => a > b, ">=": (a, b) => a >= b,
};

// The part of the query language that needs nothing but the table: systems, elements, and conditions on its columns.
function parse(query) {
  return query.split(",").map((term) => term.trim()).filter(Boolean).map((term) => {
    const condition = term.match(/^(\w+)\s*(<=|>=|!=|=|<|>)\s*(.+)$/);
    if (condition) {
      const [, key, sign, value] = condition;
      return (row) => {
        if (!(key in row)) throw new Error(`${key}: a page without a server knows ${Object.keys(row).join(", ")}; amalgamics serve knows all`);
        if (row[key] === null || row[key] === undefined) return false;
        return COMPARE[sign](...(typeof row[key] === "number" ? [row[key], Number(value)] : [String(row[key]), value]));
      };
    }
    if (!/^[A-Z][a-z]?(-[A-Z][a-z]?)*$/.test(term)) {
      throw new Error(`${term}: a page without a server takes systems (Li-Hg), elements and conditions (e_above_hull<0.05)`);
    }
    const system = term.split("-");
    // A system has its subsystems; an element alone is a row that has it.
    return (row) => {
      const own = elements(row);
      return system.length > 1 ? own.size > 0 && [...own].every((one) => system.includes(one)) : own.has(term);
    };
  });
}
