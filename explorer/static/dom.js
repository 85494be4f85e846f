import { isPacked, unpack } from "./packed.js";

// Elements. Texts become text nodes only, so that a name like "<script>" is a name.

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

export const errorBox = (error) => h("p", { class: "error", role: "alert" }, error.message);

// The message of what failed in place of what was to be shown; a view that was left says nothing.
export async function orError(node, work) {
  try {
    await work();
  } catch (error) {
    if (error.name !== "AbortError") node.replaceChildren(errorBox(error));
  }
}

export function later(work, milliseconds) {
  let waiting;
  return (...given) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => work(...given), milliseconds);
  };
}

export const number = (value, digits) =>
  value === null || value === undefined ? "" : Number(value).toFixed(digits).replace("-", "−");

// A box in which a wide table scrolls; its edge says that there is more.
export function scrolling(label, table, attributes = {}) {
  const box = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label, ...attributes }, table);
  const look = () => {
    box.classList.toggle("more-left", box.scrollLeft > 4);
    box.classList.toggle("more-right", box.scrollLeft + box.clientWidth < box.scrollWidth - 4);
  };
  box.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(box);
  new ResizeObserver(look).observe(table);
  return box;
}

// A plain table; a cell is a text, a node, or a number with its digits: [value, digits].
export function plainTable(label, headings, rows, kind = null) {
  const isNumber = headings.map((_, i) => rows.length > 0 && rows.every((row) => Array.isArray(row[i])));
  const cell = (value) => (Array.isArray(value) ? number(value[0], value[1]) : value ?? "");
  const head = headings.map((title, i) => h("th", { scope: "col", class: isNumber[i] ? "number" : null }, title));
  const body = rows.map((row) =>
    h("tr", {}, row.map((value, i) =>
      i === 0 ? h("th", { scope: "row" }, cell(value)) : h("td", { class: isNumber[i] ? "number" : null }, cell(value)))));
  return scrolling(label, h("table", { class: kind }, h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)));
}

// JSON of any depth as a list of terms.
export function tree(value) {
  if (value === null || typeof value !== "object") return document.createTextNode(String(value));
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  if (Array.isArray(value) && value.every((item) => item === null || typeof item !== "object")) {
    return document.createTextNode(value.join(", ") || "–");
  }
  return h("dl", { class: "tree" }, entries.flatMap(([key, item]) => [h("dt", {}, key), h("dd", {}, tree(item))]));
}

const unpacked = new Map();

async function loadPacked(source) {
  const script = h("script", {}, await unpack(source));
  document.head.append(script);
}

export function loadScript(source) {
  if (isPacked(source)) {
    if (!unpacked.has(source)) unpacked.set(source, loadPacked(source));
    return unpacked.get(source);
  }
  const known = document.querySelector(`script[src="${source}"]`);
  if (known) return known.loading;
  const script = h("script", { src: source });
  script.loading = new Promise((done, failed) => {
    script.addEventListener("load", done);
    script.addEventListener("error", () => failed(new Error(`${source} could not be loaded`)));
  });
  document.head.append(script);
  return script.loading;
}
