// The original beside the Markdown: what is pointed at in one is marked in the other, and a click corrects its role.
// The frame has no origin. What it says is taken for no more than the number of a block.
const view = document.getElementById("view");
const facts = JSON.parse(view.dataset.facts);
const frame = document.getElementById("original");
const markdown = document.getElementById("markdown");
const detail = document.getElementById("detail");
const dialog = document.getElementById("correct");
const form = dialog.querySelector("form");
const pieces = [...markdown.querySelectorAll("[data-block]")];
const names = Object.fromEntries(
  [...document.querySelectorAll("[data-show-role]")].map((box) => [box.dataset.showRole, box.closest("label").querySelector(".swatch").nextSibling.textContent.trim()]),
);
let marked = null;
let cameFrom = null;
let armed = true;
// Where the page scrolls under a pointer that rests, that points at nothing new.
let pointer = "";
const moved = (event) => pointer !== (pointer = `${event.screenX} ${event.screenY}`);

const tell = (message) => frame.contentWindow.postMessage(message, "*");
const numberOf = (piece) => Number(piece.dataset.block);
const piecesOf = (block) => pieces.filter((piece) => numberOf(piece) === block);
const pieceAt = (event) => event.target.closest?.("[data-block]");
const percent = (chance) => `${(100 * chance).toFixed(chance > 0.995 || chance < 0.005 ? 1 : 0)} %`;

function describe(block) {
  const { role, chances, rule, corrected, fixed } = facts[block];
  const said = [names[role]];
  if (chances) {
    said.push(`content with ${percent(chances.content)}`);
    if (chances[role] !== undefined) said.push(`${names[role].toLowerCase()} with ${percent(chances[role])}`);
  }
  if (rule && !corrected) said.push(rule);
  if (corrected) said.push("corrected by you");
  if (!piecesOf(block).length) said.push("not in the Markdown");
  if (fixed) said.push("cannot be corrected");
  return said.join(" · ");
}

function mark(block, from) {
  if (marked === block) return;
  for (const piece of pieces) piece.classList.toggle("marked", numberOf(piece) === block);
  marked = block;
  detail.textContent = describe(block);
  if (from !== "markdown") scrollTo(piecesOf(block)[0]);
  if (from !== "original") tell({ type: "mark", block });
}

function scrollTo(piece) {
  if (!piece) return;
  const around = markdown.getBoundingClientRect();
  const place = piece.getBoundingClientRect();
  if (place.top >= around.top && place.bottom <= around.bottom) return;
  markdown.scrollTop += place.top - around.top - around.height / 3;
}

function go(piece) {
  for (const other of pieces) other.tabIndex = other === piece ? 0 : -1;
  piece.focus({ preventScroll: true });
  scrollTo(piece);
}

function choose(block, from) {
  const { role, text, alike, fixed } = facts[block];
  mark(block, from);
  if (fixed || dialog.open) return;
  cameFrom = { block, from };
  form.elements.block.value = block;
  form.elements.role.value = role;
  form.elements.scope.value = "text";
  document.getElementById("correct-text").textContent = text;
  document.getElementById("correct-alike").textContent = alike;
  document.getElementById("correct-scope").hidden = alike < 2;
  dialog.showModal();
}

markdown.addEventListener("pointerover", (event) => {
  const piece = pieceAt(event);
  if (moved(event) && piece && event.pointerType !== "touch") mark(numberOf(piece), "markdown");
});
markdown.addEventListener("pointermove", moved);
markdown.addEventListener("focusin", (event) => {
  const piece = pieceAt(event);
  if (piece) mark(numberOf(piece), "markdown");
});
// A finger cannot point first: the first touch marks, the second one opens.
markdown.addEventListener("pointerdown", (event) => {
  const piece = pieceAt(event);
  armed = event.pointerType !== "touch" || (piece && numberOf(piece) === marked);
});
markdown.addEventListener("click", (event) => {
  const piece = pieceAt(event);
  if (!piece) return;
  go(piece);
  if (armed) choose(numberOf(piece), "markdown");
  armed = true;
});
markdown.addEventListener("keydown", (event) => {
  const piece = pieceAt(event);
  if (!piece) return;
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(numberOf(piece), "markdown");
    return;
  }
  const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  let at = pieces.indexOf(piece) + step;
  while (pieces[at] && !pieces[at].getClientRects().length) at += step;
  if (pieces[at]) go(pieces[at]);
});

dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  if (cameFrom?.from === "original") {
    frame.focus();
    tell({ type: "focus", block: cameFrom.block });
  }
});

const hidden = () => [...document.querySelectorAll("[data-show-role]")].filter((box) => !box.checked).map((box) => box.dataset.showRole);
function hideRoles() {
  const roles = hidden();
  for (const role of Object.keys(names)) markdown.classList.toggle(`hide-${role}`, roles.includes(role));
  tell({ type: "hide", roles });
}
for (const box of document.querySelectorAll("[data-show-role]")) box.addEventListener("change", hideRoles);

const tellTheme = () => tell({ type: "theme", theme: document.documentElement.dataset.theme ?? "" });
new MutationObserver(tellTheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });

function begin() {
  tellTheme();
  hideRoles();
  const first = Number(new URLSearchParams(location.search).get("block") ?? -1);
  if (marked === null && facts[first]) mark(first, null);
  else if (marked !== null) tell({ type: "mark", block: marked });
}
addEventListener("message", (event) => {
  if (event.source !== frame.contentWindow) return;
  const { type, block } = event.data ?? {};
  if (type === "ready") begin();
  if (!Number.isInteger(block) || !facts[block]) return;
  if (type === "point") mark(block, "original");
  if (type === "choose") choose(block, "original");
});
// The frame may have been ready before this module was.
begin();
