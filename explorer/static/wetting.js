// The contact angle against composition, computed again by the server while a slider moves.

import { data } from "./data.js";
import { errorBox, h, later, number, plainTable } from "./dom.js";
import { draw } from "./plots.js";

const name = (study) => `${study.solute}–${study.solvent} on ${study.substrate} (${study.miller_index.join(" ")})`;

export async function showWetting(body, asked, signal) {
  const { studies, problems } = await data.get("studies", {}, signal);
  if (!studies.length) throw new Error(problems.join("; "));
  const study = studies.find((one) => one.key === asked.study) || studies[0];
  const state = { study: study.key, limit: "both" };
  const choose = h("select", { name: "study", onchange: () => {
    location.hash = `#/wetting?${new URLSearchParams({ study: choose.value })}`;
  } }, studies.map((one) => h("option", { value: one.key, selected: one === study }, name(one))));
  const plot = h("div", { class: "plot", id: "angles", role: "img", "aria-label": "contact angle against composition; the table below has its numbers" });
  const headline = h("p", { class: "strong", "aria-live": "polite" });
  const error = h("div");
  const numbers = h("div");
  const controls = h("form", { class: "card panel", onsubmit: (event) => event.preventDefault() },
    field("study", choose), ...settings(study, state, () => soon()));
  body.replaceChildren(h("div", { class: "side" }, controls,
    h("section", { class: "card" }, error, headline, plot)), numbers,
    ...problems.map((text) => h("p", { class: "error" }, text)));
  let newest = new AbortController();
  signal.addEventListener("abort", () => newest.abort());

  async function load() {
    newest.abort();
    newest = new AbortController();
    plot.classList.add("busy");
    try {
      const found = await data.get("wetting", state, newest.signal);
      error.replaceChildren();
      headline.textContent = found.headline;
      numbers.replaceChildren(...results(found, state));
      await draw(plot, found.figure);
      plot.dataset.temperature = found.temperature_K;
    } catch (problem) {
      if (problem.name === "AbortError") return;
      error.replaceChildren(errorBox(problem));
    }
    plot.classList.remove("busy");
  }
  const soon = later(load, 120);
  await load();
}

const field = (label, control) => h("label", { class: "field" }, label, control);

function settings(study, state, changed) {
  // A page without a server has answers for one setting at a time.
  const set = (key) => (value) => {
    if (study.grid) ["limit", ...Object.keys(study.grid), "potential", "termination"].forEach((other) => { if (other !== key) usual(other); });
    state[key] = value;
    changed();
  };
  const usual = (key) => {
    state[key] = key === "limit" ? "both" : "";
    document.querySelectorAll(`.panel [name="${key}"]`).forEach((node) => node.dispatchEvent(new Event("usual")));
  };
  const select = (key, label, options) => {
    const chosen = h("select", { name: key, onchange: () => set(key)(chosen.value) },
      options.map(([value, text]) => h("option", { value }, text)));
    chosen.addEventListener("usual", () => { chosen.selectedIndex = 0; });
    return field(label, chosen);
  };
  const all = (values) => [["", "all"], ...values.map((value) => [value, value])];
  const chosen = () => [
    select("limit", "limit of the dry face", [["both", "both"], ["equilibrated", "equilibrated"], ["fresh", "fresh"]]),
    select("potential", "potential and dispersion", all(study.potentials)),
    select("termination", "termination", all(study.terminations)),
  ];
  const choices = () => [...chosen(),
    steps("temperature", "temperature", study.grid.temperature, study.temperature_K.usual, (value) => `${number(value, 0)} K`, set),
    steps("gamma_lv", "surface tension γ_LV", study.grid.gamma_lv, study.gamma_LV_J_m2.usual, (value) => `${number(value, 3)} J/m²`, set),
    steps("drop_radius", "drop radius", [...study.grid.drop_radius, ""], "", (value) => (value === "" ? "endless supply" : `${value} mm`), set),
  ];
  const { temperature_K: kelvin, gamma_LV_J_m2: tension, drop_radius_mm: radius } = study;
  if (study.grid) return [...choices(), h("p", { class: "hint" },
    "without a server one setting moves at a time, over these values; amalgamics serve takes any")];
  const drop = slider("drop_radius", "drop radius", "mm", {
    least: Math.log10(radius.least), most: Math.log10(radius.most), usual: Math.log10(radius.usual), step: 0.05,
  }, (value) => set("drop_radius")(Number((10 ** value).toPrecision(3))), (value) => Number((10 ** value).toPrecision(3)));
  drop.querySelector("input").disabled = true;
  const endless = h("input", { type: "checkbox", name: "endless", checked: true, onchange: () => {
    drop.querySelector("input").disabled = endless.checked;
    set("drop_radius")(endless.checked ? "" : Number((10 ** drop.querySelector("input").value).toPrecision(3)));
  } });
  return [...chosen(),
    slider("temperature", "temperature", "K", { ...kelvin, step: 1 }, set("temperature"), (value) => number(value, 0)),
    slider("gamma_lv", "surface tension γ_LV", "J/m²", { ...tension, step: 0.005 }, set("gamma_lv"), (value) => number(value, 3)),
    h("label", { class: "check" }, endless, "endless supply of solute"),
    drop,
    h("button", { type: "reset", class: "button", onclick: () => setTimeout(() => location.reload(), 0) }, "as measured"),
  ];
}

// A slider over a few values.
function steps(key, label, values, usual, text, set) {
  const start = values.indexOf(usual);
  const shown = h("output", {}, text(usual));
  const input = h("input", { type: "range", name: key, min: 0, max: values.length - 1, step: 1, value: start });
  input.addEventListener("usual", () => { input.value = start; shown.textContent = text(usual); });
  input.addEventListener("input", () => {
    const value = values[Number(input.value)];
    shown.textContent = text(value);
    set(key)(value === usual ? "" : value);
  });
  return h("label", { class: "slider" }, h("span", {}, label), shown, input);
}

function slider(key, label, unit, range, moved, text) {
  const shown = h("output", {}, `${text(range.usual)} ${unit}`);
  const low = Math.min(range.usual, Math.ceil(range.least / range.step) * range.step);
  const input = h("input", { type: "range", name: key, min: low, max: range.most, step: "any", value: range.usual });
  input.addEventListener("input", () => {
    const value = Math.round(Number(input.value) / range.step) * range.step;
    shown.textContent = `${text(value)} ${unit}`;
    moved(Number(value.toFixed(6)));
  });
  // Keys move by a step that is seen; the browser's own for "any" is a percent or none.
  input.addEventListener("keydown", (event) => {
    const sign = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!sign) return;
    event.preventDefault();
    input.value = Number(input.value) + sign * range.step;
    input.dispatchEvent(new Event("input"));
  });
  return h("label", { class: "slider" }, h("span", {}, label), shown, input);
}

const composition = (x) => (x === 0 || x >= 1e-3 ? String(Number(x.toPrecision(3))) : String(Number(x.toPrecision(3)).toExponential()));
const angle = (point, limit) => (point[`theta_${limit}_deg`] === null ? "not computed"
  : `${number(point[`theta_${limit}_deg`], 1)} (${number(point[`theta_${limit}_low_deg`], 0)}–${number(point[`theta_${limit}_high_deg`], 0)})`);

function results(found, state) {
  const shown = found.curve.filter((point) => found.shown_x.some((x) => Math.abs(point.x - x) <= 1e-9 * x));
  const limits = state.limit === "both" ? ["equilibrated", "fresh"] : [state.limit];
  const table = plainTable("angles", ["x", "E (V)", ...limits.map((limit) => `θ ${limit} (°, band)`), "wets"],
    shown.map((point) => [composition(point.x), point.voltage_V === null ? "" : number(point.voltage_V, 3),
      ...limits.map((limit) => angle(point, limit)), point.wets]));
  const card = (title, ...content) => h("section", { class: "card" }, h("h2", {}, title), ...content);
  return [
    card("Numbers", h("p", { class: "quiet" }, found.title), table,
      h("p", { class: "hint" }, "the same from the command line:"), h("code", { class: "command", tabindex: 0 }, found.command)),
    found.warnings.length ? card("To be read with it", h("ul", { class: "remarks" }, found.warnings.map((text) => h("li", {}, text)))) : null,
    card("Assumptions and corrections", h("ul", { class: "remarks" },
      [...found.assumptions, ...found.corrections, `γ_LV: ${found.gamma_LV_source}`, `solution: ${found.solution_source}`].map((text) => h("li", {}, text)))),
  ].filter(Boolean);
}
