// Workflows of the LaunchPad, looked at again while the view is open.

import { data } from "./data.js";
import { errorBox, h, plainTable } from "./dom.js";

const EVERY_MS = 10_000;

export async function showWorkflows(body, _asked, signal) {
  const place = h("div");
  const told = h("p", { class: "quiet", "aria-live": "polite" });
  body.replaceChildren(told, place);
  async function load() {
    try {
      const found = await data.get("workflows", {}, signal);
      told.textContent = `${found.workflows.length} in ${found.launchpad}`;
      const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.dataset.id));
      place.replaceChildren(...found.workflows.map((one) => workflow(one, open.has(String(one.id)))));
    } catch (error) {
      if (error.name === "AbortError") return;
      told.textContent = "";
      place.replaceChildren(errorBox(error));
    }
  }
  const again = setInterval(() => { if (document.visibilityState === "visible") load(); }, EVERY_MS);
  signal.addEventListener("abort", () => clearInterval(again));
  await load();
}

function workflow(one, open) {
  const state = h("span", { class: `state ${one.state.toLowerCase().replace(/[^a-z]/g, "")}` }, one.state.toLowerCase());
  const counts = Object.entries(one.counts).filter(([, count]) => count).map(([name, count]) => `${count} ${name}`).join(", ");
  const parts = [
    h("div", { class: "head" }, h("h2", {}, one.name), state),
    h("p", { class: "quiet" }, [`id ${one.id}`, one.potential, counts, left(one), `updated ${one.updated.slice(0, 16).replace("T", " ")}`]
      .filter(Boolean).join(" · ")),
  ];
  if (one.total) parts.push(h("progress", { max: one.total, value: one.done, "aria-label": `${one.done} of ${one.total} steps` }));
  if (one.report) parts.push(h("p", {}, h("a", { href: `report/${one.id}`, target: "_blank" }, "its report")));
  if (one.malformed) parts.push(h("p", { class: "error" }, `it cannot be read: ${one.malformed}`));
  if (one.failures.length) {
    parts.push(h("ul", { class: "reasons" }, one.failures.map((failure) =>
      h("li", {}, h("b", {}, `${failure.step} (Firework ${failure.fw_id})`), ` failed: ${failure.reason}`))));
  }
  if (one.next_step) parts.push(h("p", { class: "hint" }, `next: ${one.next_step}`));
  if (one.studies.length || one.running_steps.length) {
    parts.push(h("details", { "data-id": one.id, open }, h("summary", {}, "studies and running steps"),
      one.studies.length ? plainTable("studies", ["study", "steps", "planned"],
        one.studies.map((study) => [study.name, `${study.done} of ${study.total}`, study.planned ? "yes" : "not yet"])) : null,
      one.running_steps.length ? plainTable("running steps", ["step", "since", "worker", "alive"],
        one.running_steps.map((step) => [step.step, step.since.slice(0, 19).replace("T", " "), step.worker,
          step.alive === null ? "unknown" : step.alive ? "yes" : "no"])) : null));
  }
  return h("article", { class: "card workflow" }, parts);
}

function left(one) {
  const { low, high, unknown } = one.seconds_left;
  if (!low && !high && !unknown) return null;
  const minutes = (seconds) => (seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`);
  return high === null ? `at least ${minutes(low)} left (${unknown})` : `${minutes(low)} to ${minutes(high)} left`;
}
