// Tabs by the ARIA pattern. Without this module the panels stand below each other, under links to them.
//
//   <div data-tabs>
//     <ul class="tabs"><li><a href="#one">One</a></li> …</ul>
//     <section id="one">…</section> …
//   </div>
//
// A panel that is shown for the first time gets an event `shown`.
export function enhanceTabs(within) {
  for (const group of within.querySelectorAll("[data-tabs]")) {
    const list = group.querySelector(".tabs");
    if (list.getAttribute("role")) continue;
    const tabs = [...list.querySelectorAll("a[href^='#']")];
    const panelOf = (tab) => document.getElementById(tab.hash.slice(1));
    const show = (tab, focus) => {
      for (const other of tabs) {
        const selected = other === tab;
        other.setAttribute("aria-selected", selected);
        other.tabIndex = selected ? 0 : -1;
        panelOf(other).hidden = !selected;
      }
      if (focus) tab.focus();
      const panel = panelOf(tab);
      if (!panel.dataset.shown) {
        panel.dataset.shown = "yes";
        panel.dispatchEvent(new Event("shown", { bubbles: true }));
      }
    };
    list.setAttribute("role", "tablist");
    for (const item of list.children) item.setAttribute("role", "presentation");
    for (const tab of tabs) {
      const panel = panelOf(tab);
      tab.id ||= `tab-${panel.id}`;
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", panel.id);
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
      panel.tabIndex = 0;
      tab.addEventListener("click", (event) => { event.preventDefault(); show(tab, true); });
    }
    list.addEventListener("keydown", (event) => {
      const at = tabs.indexOf(document.activeElement);
      const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
      if (to === undefined || at < 0) return;
      event.preventDefault();
      show(tabs[(to + tabs.length) % tabs.length], true);
    });
    show(tabs.find((tab) => tab.hash === location.hash) ?? tabs[0], false);
  }
}
