// The list of actions in the form: each a type and what that type takes.
const FIELDS = {
  wait: [["milliseconds", "number", "milliseconds"]],
  wait_for: [["selector", "text", "CSS selector"]],
  click: [["selector", "text", "CSS selector"]],
  scroll: [["direction", "select", ["down", "up"]]],
  write: [["text", "text", "what to write"]],
  press: [["key", "text", "a key, such as Enter"]],
};
const list = document.getElementById("actions");

export function addAction() {
  const item = document.createElement("li");
  const type = select(Object.keys(FIELDS), "Type of the action");
  type.className = "action-type";
  const inputs = document.createElement("div");
  inputs.className = "inputs";
  const remove = document.createElement("button");
  remove.type = "button";
  remove.className = "quiet";
  remove.textContent = "×";
  remove.setAttribute("aria-label", "Remove this action");
  remove.addEventListener("click", () => { item.remove(); changed(); });
  const showInputs = () => inputs.replaceChildren(...FIELDS[type.value].map(([name, kind, said]) => {
    const input = kind === "select" ? select(said, name) : document.createElement("input");
    if (kind !== "select") {
      input.type = kind;
      input.placeholder = said;
      input.setAttribute("aria-label", said);
      input.spellcheck = false;
    }
    input.dataset.field = name;
    return input;
  }));
  type.addEventListener("change", showInputs);
  type.value = "click";
  showInputs();
  item.append(type, inputs, remove);
  list.append(item);
  type.focus();
}

export function actionsOf() {
  return [...list.children].map((item) => {
    const action = { type: item.querySelector(".action-type").value };
    for (const input of item.querySelectorAll("[data-field]")) {
      if (input.value !== "") action[input.dataset.field] = input.type === "number" ? Number(input.value) : input.value;
    }
    return action;
  });
}

function select(options, name) {
  const made = document.createElement("select");
  made.setAttribute("aria-label", name);
  for (const option of options) made.add(new Option(option.replace("_", " "), option));
  return made;
}

const changed = () => list.dispatchEvent(new Event("input", { bubbles: true }));
