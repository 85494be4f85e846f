// Which view is shown: the part of the address behind "#", such as #/rows?query=Li-Hg.

import { data } from "./data.js";
import { h, orError } from "./dom.js";
import { showHulls } from "./hulls.js";
import { startOffline } from "./offline.js";
import { showRow } from "./row.js";
import { showRows } from "./rows.js";
import { showWetting } from "./wetting.js";
import { showWorkflows } from "./workflows.js";

const view = document.getElementById("view");
const views = { rows: ["Structures", showRows], hulls: ["Hulls", showHulls], wetting: ["Wetting", showWetting],
  workflows: ["Workflows", showWorkflows] };
let left = new AbortController();

async function show() {
  left.abort();
  left = new AbortController();
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id] = (path || "rows").split("/");
  const [title, showView] = views[name] || views.rows;
  document.querySelectorAll("nav a").forEach((link) => {
    if (link.hash === `#/${views[name] ? name : "rows"}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  document.title = `${title} – amalgamics`;
  const heading = h("h1", { tabindex: -1 }, title);
  const body = h("div");
  view.replaceChildren(heading, body);
  heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
  const parameters = Object.fromEntries(new URLSearchParams(query));
  const shown = id && name === "rows" ? showRow(body, id, left.signal, heading) : showView(body, parameters, left.signal);
  await orError(body, () => shown);
  document.documentElement.dataset.ready = location.hash || "#/rows";
}

// The key has done its work: it stays in the cookie, not in the address.
if (location.search) history.replaceState(null, "", location.pathname + location.hash);
const about = document.getElementById("about");
orError(about, async () => {
  await startOffline();
  window.addEventListener("hashchange", show);
  show();
  const found = await data.get("about");
  about.textContent = data.isOffline
    ? `amalgamics ${found.version} · ${found.job} · ${found.shown} of ${found.rows} structures of this job; amalgamics serve shows all`
    : `amalgamics ${found.version} · ${found.database} · ${found.launchpad} · read only`;
});
