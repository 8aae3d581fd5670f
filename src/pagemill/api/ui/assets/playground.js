// The playground's form: which fields belong to what is asked, the request that they make, and its submission.
import { csrfToken } from "./page.js";
import { asCode, leftOutOfMcp } from "./snippets.js";
import { addAction, actionsOf } from "./actions.js";
import { enhanceResult, watch } from "./result.js";

const form = document.getElementById("request");
const problem = document.getElementById("request-error");
const status = document.getElementById("request-status");
const button = form.querySelector("button.primary");
const kindOf = () => form.elements.kind.value;

function showKind() {
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(kindOf());
  button.textContent = { page: "Scrape", batch: "Scrape", map: "Map", crawl: "Crawl" }[kindOf()];
  showCode();
}

const isAsked = (field) => !field.closest("[hidden]");
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

class FieldError extends Error {
  constructor(field, message) { super(message); this.field = field; }
}

function valueOf(field) {
  const text = field.value.trim();
  switch (field.dataset.type) {
    case "flag": return field.checked || undefined;
    case "unless-true": return field.checked ? undefined : false;
    case "number": return text === "" ? undefined : Number(text);
    case "lines": return lines(text).length ? lines(text) : undefined;
    case "headers": return pairs(field, ":");
    case "pairs": return pairs(field, "=");
    case "json":
      if (!text) return undefined;
      try { return JSON.parse(text); } catch (error) { throw new FieldError(field.name, `This is no JSON: ${error.message}`); }
    default: return text === "" || text === field.dataset.unless ? undefined : text;
  }
}

function pairs(field, separator) {
  const found = {};
  for (const line of lines(field.value)) {
    const at = line.indexOf(separator);
    if (at < 1) throw new FieldError(field.name, `Each line needs a name, ${separator} and a value.`);
    found[line.slice(0, at).trim()] = line.slice(at + 1).trim();
  }
  return Object.keys(found).length ? found : undefined;
}

// The request as the API takes it, with what is not as it would be anyway.
function requestOf() {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.name === "kind" || !isAsked(field)) continue;
    if (field.dataset.type === "list") {
      if (field.checked) (body[field.name] ??= []).push(field.value);
      continue;
    }
    const value = valueOf(field);
    if (value !== undefined) body[field.name] = value;
  }
  if (kindOf() === "batch") body.urls ??= [];
  else body.url ??= "";
  if (kindOf() !== "map") {
    const actions = actionsOf();
    if (actions.length) body.actions = actions;
  }
  return body;
}

function showCode() {
  let body;
  try { body = requestOf(); } catch { return; }
  for (const [language, code] of Object.entries(asCode(kindOf(), body, location.origin))) {
    document.getElementById(`code-${language}`).textContent = code;
  }
  document.getElementById("left-out-of-mcp").textContent = leftOutOfMcp(kindOf(), body);
}

function clearErrors() {
  problem.hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-errormessage");
  }
  for (const message of form.querySelectorAll(".error.at-field")) message.remove();
}

// An error stands at its field, whose name may have a place in it: `urls[3]`, `headers.Host`.
function showError(message, name) {
  const base = name?.split(/[.[]/)[0];
  const field = base === "actions" ? document.getElementById("add-action")
    : [...form.elements].find((element) => element.name === base && isAsked(element));
  if (!field) {
    problem.textContent = message;
    problem.hidden = false;
    return;
  }
  const shown = document.createElement("p");
  shown.className = "error at-field";
  shown.id = `error-of-${base}`;
  shown.setAttribute("role", "alert");
  shown.textContent = message;
  const details = field.closest("details");
  if (details) details.open = true;
  (field.closest(".field") ?? field.parentElement).append(shown);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-errormessage", shown.id);
  field.focus();
}

async function submit() {
  clearErrors();
  button.disabled = true;
  status.textContent = "Sending …";
  try {
    const body = requestOf();
    const answer = await fetch(`/ui/playground/${kindOf()}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrfToken() },
      body: JSON.stringify(body),
    });
    const told = await answer.json();
    if (answer.status === 401) return location.assign("/ui/sign-in");
    if (!answer.ok) return showError(told.message, told.field);
    if (told.warnings) showError(told.warnings.join(" "));
    history.pushState(null, "", `/ui/playground/${told.id}`);
    shownPath = location.pathname;
    await watch(told.id);
  } catch (error) {
    showError(error instanceof FieldError ? error.message : "The service did not answer. Try again.", error.field);
  } finally {
    button.disabled = false;
    status.textContent = "";
  }
}

form.addEventListener("submit", (event) => { event.preventDefault(); submit(); });
form.addEventListener("input", showCode);
for (const radio of form.elements.kind) radio.addEventListener("change", showKind);
document.getElementById("add-action").addEventListener("click", () => { addAction(); showCode(); });
let shownPath = location.pathname;
addEventListener("popstate", () => { if (location.pathname !== shownPath) location.reload(); });
showKind();
enhanceResult();
