// In the frame of the page as it came, which has no origin: tells the view what is pointed at, and marks what it is told.
"use strict";
(() => {
  const ROLES = ["title", "body", "caption", "meta", "comments", "junk"];
  const blocks = [...document.querySelectorAll("[data-block]")];
  const known = new Map(blocks.map((block) => [Number(block.dataset.block), block]));
  const tell = (type, block) => parent.postMessage({ type, block: Number(block.dataset.block) }, "*");
  const blockAt = (event) => event.target.closest?.("[data-block]");
  let marked = null;
  let armed = true;
  // Where the page scrolls under a pointer that rests, that points at nothing new.
  let pointer = "";
  const moved = (event) => pointer !== (pointer = `${event.screenX} ${event.screenY}`);

  const mark = (block, scroll) => {
    marked?.classList.remove("marked");
    marked = block;
    if (!block) return;
    block.classList.add("marked");
    const place = block.getBoundingClientRect();
    if (scroll && (place.top < 0 || place.bottom > innerHeight)) scrollBy({ top: place.top - innerHeight / 3 });
  };
  const go = (block) => {
    for (const other of blocks) other.tabIndex = other === block ? 0 : -1;
    block.focus();
  };

  for (const [number, block] of blocks.entries()) {
    block.tabIndex = number ? -1 : 0;
    block.setAttribute("role", "button");
  }
  document.addEventListener("pointerover", (event) => {
    const block = blockAt(event);
    if (!moved(event) || !block || block === marked || event.pointerType === "touch") return;
    mark(block, false);
    tell("point", block);
  });
  document.addEventListener("pointermove", moved);
  document.addEventListener("focusin", (event) => {
    const block = blockAt(event);
    if (!block || block === marked) return;
    mark(block, true);
    tell("point", block);
  });
  // A finger cannot point first: the first touch marks, the second one opens.
  document.addEventListener("pointerdown", (event) => {
    const block = blockAt(event);
    armed = event.pointerType !== "touch" || block === marked;
  });
  document.addEventListener("click", (event) => {
    const block = blockAt(event);
    if (!block) return;
    go(block);
    if (armed) tell("choose", block);
    armed = true;
  });
  document.addEventListener("keydown", (event) => {
    const block = blockAt(event);
    if (!block) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      tell("choose", block);
      return;
    }
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    let at = blocks.indexOf(block) + step;
    while (blocks[at] && !blocks[at].getClientRects().length) at += step;
    if (blocks[at]) go(blocks[at]);
  });
  addEventListener("message", (event) => {
    if (event.source !== parent) return;
    const { type, block, roles, theme } = event.data ?? {};
    if (type === "mark") mark(known.get(block) ?? null, true);
    if (type === "focus" && known.has(block)) go(known.get(block));
    if (type === "hide") for (const role of ROLES) document.body.classList.toggle(`hide-${role}`, roles.includes(role));
    if (type === "theme") {
      if (theme) document.documentElement.dataset.theme = theme;
      else delete document.documentElement.dataset.theme;
    }
  });
  parent.postMessage({ type: "ready" }, "*");
})();
