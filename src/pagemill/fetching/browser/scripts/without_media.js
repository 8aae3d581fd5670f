// Puts a policy on the document that keeps media from being loaded, and takes its traces away: the policy stays.
(() => {
  const make = (name) => document.createElementNS("http://www.w3.org/1999/xhtml", name);
  const html = make("html");
  const head = make("head");
  const meta = make("meta");
  meta.setAttribute("http-equiv", "Content-Security-Policy");
  meta.setAttribute("content", "media-src data: blob:; font-src data: blob:");
  head.append(meta);
  if (document.documentElement) {
    document.documentElement.prepend(head);
    head.remove();
  } else {
    html.append(head);
    document.append(html);
    html.remove();
  }
})();
