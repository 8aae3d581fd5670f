// Returns the page as HTML, as a reader sees it: open shadow trees stand in their hosts, with what was slotted in its
// place, and documents of same-origin frames in place of the frames. At most `limit` characters, else null.
(limit) => {
  const VOID = new Set(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source",
                        "track", "wbr", "basefont", "bgsound", "frame", "keygen"]);
  const RAW = new Set(["style", "script", "xmp", "iframe", "noembed", "noframes", "plaintext", "noscript"]);
  const DEEPEST = 2000;
  const MOST_FRAMES = 100;
  let frames = 0;
  let size = 0;
  const parts = [];

  const put = (text) => {
    size += text.length;
    if (size > limit) throw limit;
    parts.push(text);
  };
  const escapeText = (text) => text.replace(/[&<>\u00a0]/g, (c) =>
    c === "&" ? "&amp;" : c === "<" ? "&lt;" : c === ">" ? "&gt;" : "&nbsp;");
  const escapeValue = (text) => text.replace(/[&"\u00a0]/g, (c) =>
    c === "&" ? "&amp;" : c === '"' ? "&quot;" : "&nbsp;");

  const frameBody = (frame) => {
    try {
      const inner = frame.contentDocument;
      return inner && inner.body && inner.body.childNodes.length && frames++ < MOST_FRAMES ? inner : null;
    } catch { return null; }
  };
  // Relative addresses of a frame's document would be read against the outer page: they are written out whole.
  const ADDRESSES = new Set(["href", "src", "poster", "action", "cite", "data"]);

  const openTag = (element, name, inner) => {
    put("<" + name);
    for (const attribute of element.attributes) {
      let value = attribute.value;
      if (inner && ADDRESSES.has(attribute.name)) {
        try { value = new URL(value, element.baseURI).href; } catch { /* stays as it is */ }
      }
      put(" " + attribute.name + '="' + escapeValue(value) + '"');
    }
    put(">");
  };
  const children = (node, depth, inner) => {
    for (const child of node.childNodes) write(child, depth + 1, inner);
  };
  const writeElement = (element, depth, inner) => {
    const name = element.namespaceURI === "http://www.w3.org/1999/xhtml" ? element.localName : element.tagName;
    if (name === "frameset") { // a body may hold what its frames hold, a frameset may not
      const outermost = element === document.body;
      put(outermost ? "<body>" : "<div>");
      children(element, depth, inner);
      put(outermost ? "</body>" : "</div>");
      return;
    }
    if (name === "slot" && element.getRootNode() instanceof ShadowRoot) {
      const assigned = element.assignedNodes({ flatten: true });
      if (assigned.length) for (const node of assigned) write(node, depth + 1, inner);
      else children(element, depth, inner);
      return;
    }
    if (name === "iframe" || name === "frame") {
      const document = frameBody(element);
      if (document) {
        if (document.body.localName === "frameset") put("<div>");
        else openTag(document.body, "div", true);
        children(document.body, depth, true);
        put("</div>");
        return;
      }
    }
    openTag(element, name, inner);
    if (VOID.has(name)) return;
    if (name === "template") children(element.content, depth, inner);
    else if (element.shadowRoot) children(element.shadowRoot, depth, inner);
    else if (RAW.has(name)) put(element.textContent);
    else {
      if ((name === "pre" || name === "textarea" || name === "listing") && element.textContent.startsWith("\n")) put("\n");
      children(element, depth, inner);
    }
    put("</" + name + ">");
  };
  const write = (node, depth, inner) => {
    if (depth > DEEPEST) return;
    if (node.nodeType === Node.ELEMENT_NODE) writeElement(node, depth, inner);
    else if (node.nodeType === Node.TEXT_NODE) put(escapeText(node.data));
    else if (node.nodeType === Node.CDATA_SECTION_NODE) put(escapeText(node.data));
    else if (node.nodeType === Node.COMMENT_NODE) put("<!--" + node.data + "-->");
  };

  const plain = () => {
    for (const element of document.getElementsByTagName("*")) {
      if (element.shadowRoot || element.localName === "iframe" || element.localName === "frame") return false;
    }
    return true;
  };
  const walk = () => {
    const type = document.doctype;
    if (type) put("<!DOCTYPE " + type.name + (type.publicId ? ' PUBLIC "' + type.publicId + '"' : "") +
                  (type.systemId ? (type.publicId ? "" : " SYSTEM") + ' "' + type.systemId + '"' : "") + ">");
    if (plain()) put(document.documentElement ? document.documentElement.outerHTML : "");
    else children(document, 0, false);
    return parts.join("");
  };
  const navigation = performance.getEntriesByType("navigation")[0];
  const result = (html) => ({
    html,
    url: document.URL,
    status: navigation ? navigation.responseStatus : 0,
    contentType: document.contentType,
  });
  try {
    return result(walk());
  } catch (error) {
    if (error === limit) return result(null);
    throw error;
  }
}
