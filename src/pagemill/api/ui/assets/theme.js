// Sets the chosen theme before the page is drawn; not a module, which would come too late.
(() => {
  const root = document.documentElement;
  const chosen = () => { try { return localStorage.getItem("pagemill-theme"); } catch { return null; } };
  if (["light", "dark"].includes(chosen())) root.dataset.theme = chosen();
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        try { localStorage.setItem("pagemill-theme", root.dataset.theme); } catch { /* it holds for this page */ }
      });
    }
  });
})();
