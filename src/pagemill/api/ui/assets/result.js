// What came of a job: its steps while it runs, then tabs whose panels are asked for when they are first shown.
import { enhanceTabs } from "./tabs.js";

const NAMES = { queued: "In the queue", http: "Over HTTP", browser: "In the browser", extraction: "Extracted", structuring: "Structured", completed: "Completed", failed: "Failed" };
let source = null;

// Shows a job that was just submitted, until it has ended.
export async function watch(id) {
  await load(`/ui/playground/${id}`);
  // Below the form, as on a phone, what came would stay out of sight.
  const isBelow = matchMedia("(max-width: 60rem)").matches;
  document.getElementById("result").scrollIntoView({ block: isBelow ? "start" : "nearest" });
}

function follow(id) {
  const events = source = new EventSource(`/ui/playground/${id}/events`);
  const began = performance.now();
  events.addEventListener("state", (event) => showState(JSON.parse(event.data), (performance.now() - began) / 1000));
  events.addEventListener("end", async () => {
    events.close();
    await load(location.pathname + location.search);
    document.getElementById("result").querySelector(".tabs [aria-selected='true'], table a")?.focus({ preventScroll: true });
  });
}

export function enhanceResult() {
  const result = document.getElementById("result");
  result.addEventListener("shown", (event) => { if (event.target.dataset.panel) fill(event.target); });
  result.addEventListener("click", (event) => {
    const link = event.target.closest("[data-mark]");
    if (!link) return;
    event.preventDefault(); // an address for it would be a step back to the panel that shows first
    document.getElementById(link.dataset.mark)?.focus();
  });
  enhanceTabs(result);
  for (const panel of result.querySelectorAll("[data-shown]")) if (panel.dataset.panel) fill(panel);
  if (!result.dataset.watch) return;
  document.getElementById("watch").hidden = false;
  follow(result.dataset.watch);
}

async function page(path) {
  const answer = await fetch(path, { headers: { Accept: "text/html" } });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function load(path) {
  const found = (await page(path)).getElementById("result");
  if (!found) return location.reload();
  source?.close();
  document.getElementById("result").replaceWith(document.adoptNode(found));
  enhanceResult();
}

async function fill(panel) {
  if (panel.dataset.filled) return;
  panel.dataset.filled = "yes";
  try {
    const found = (await page(panel.dataset.panel)).getElementById("panel");
    panel.replaceChildren(...document.adoptNode(found).childNodes);
  } catch {
    delete panel.dataset.filled;
    panel.textContent = "This could not be loaded. Show it again to try.";
  }
}

function showState(state, elapsed) {
  if ("results" in state) return showPages(state);
  const steps = stepsOf(state, elapsed);
  const list = document.getElementById("steps");
  list.replaceChildren(...steps.map(({ name, mark, kind, note, seconds }) => {
    const item = element("li", "", kind);
    const text = element("span", name);
    if (note) text.append(" ", element("span", note, "note"));
    item.append(element("span", mark, "mark"), text, element("time", seconds === undefined ? "" : `${seconds.toFixed(2)} s`));
    return item;
  }));
}

// The steps that the worker told, in the order of their beginning, between the queue and the end.
function stepsOf(state, elapsed) {
  const steps = [{ name: NAMES.queued, mark: state.status === "pending" ? "●" : "✓", kind: state.status === "pending" ? "running" : "done" }];
  let seenHttp = false;
  for (const step of state.steps ?? []) {
    const escalated = step.stage === "browser" && seenHttp;
    seenHttp ||= step.stage === "http";
    const name = escalated ? "Escalated to the browser" : NAMES[step.stage] ?? step.stage;
    const running = step.ended === null;
    steps.push({ name, mark: running ? "●" : step.error ? "✕" : "✓", kind: running ? "running" : step.error ? "failed" : "done",
      note: step.error?.replaceAll("_", " "), seconds: running ? undefined : step.ended - step.started });
  }
  if (state.status === "processing" && !(state.steps ?? []).some((step) => step.ended === null)) steps.push({ name: "Being worked on", mark: "●", kind: "running" });
  if (state.status === "completed") steps.push({ name: NAMES.completed, mark: "✓", kind: "done", seconds: elapsed });
  if (state.status === "failed") steps.push({ name: NAMES.failed, mark: "✕", kind: "failed", note: state.page?.error ?? "" });
  return steps;
}

function showPages(state) {
  const meter = document.getElementById("meter");
  meter.hidden = false;
  const progress = document.getElementById("progress"), [good, bad] = progress.children;
  const ended = state.ended ?? 0, completed = state.completed ?? 0;
  progress.setAttribute("viewBox", `0 0 ${state.pages || 1} 1`);
  good.setAttribute("width", completed);
  bad.setAttribute("x", completed);
  bad.setAttribute("width", ended - completed);
  const failed = ended > completed ? `, ${ended - completed} failed` : "";
  document.getElementById("progress-text").textContent = `${ended} of ${state.pages ?? "?"} pages ended, ${completed} completed${failed}`;
  const box = document.getElementById("pages-so-far");
  box.hidden = !state.results.length;
  box.querySelector("tbody").replaceChildren(...state.results.map((found) => {
    const row = element("tr"), url = element("td", found.url, "break"), how = element("td");
    how.append(element("span", found.status, `badge ${found.status}`));
    if (found.error) url.append(element("p", found.error, "error"));
    row.append(url, how);
    return row;
  }));
}

function element(name, text = "", kind = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}
