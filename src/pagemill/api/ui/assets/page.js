// What every page has: tabs, copy buttons, questions before what cannot be undone, parts that refresh.
import { enhanceTabs } from "./tabs.js";
import { startRefreshing } from "./refresh.js";

export const csrfToken = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

// On a narrow screen the navigation scrolls sideways: begin where the reader is.
const views = document.querySelector(".top nav"), here = views?.querySelector("[aria-current]");
if (here) views.scrollLeft = here.offsetLeft - views.offsetLeft - (views.clientWidth - here.offsetWidth) / 2;

enhanceTabs(document);
startRefreshing();

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const before = button.dataset.label ??= button.textContent;
  try {
    await copy("value" in source ? source.value : source.textContent);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed";
  }
  setTimeout(() => { button.textContent = before; }, 1500);
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (question && !confirm(question)) event.preventDefault();
});

// Browsers have the clipboard's API on https and on this machine alone.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("not copied");
}
