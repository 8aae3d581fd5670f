// Resolves once the document is complete and its tree has not changed for `quiet` milliseconds, or after `limit`
// milliseconds, with whether it is `ready`, its HTTP `status`, its `url` and `content_type`, and the `length` of its text. A page
// with next to no text whose scripts may bring some must be still for `empty` milliseconds, and so must one that says
// that it leads on to another. Runs in an isolated world, which the page's scripts cannot reach.
(quiet, empty, limit) => new Promise((resolve) => {
  const LITTLE_TEXT = 200;
  const SMALL_CHANGE = 16; // a clock, a counter, a caret: these go on for ever
  const SEARCHED_SCRIPT = 20000;
  // A script that navigates after a while: setTimeout(… location.href = …) and the like.
  const LATER = /setTimeout\s*\([^]{0,300}?\blocation\s*(?:\.\s*(?:href|pathname)\s*)?(?:=(?!=)|\.\s*(?:replace|assign)\s*\()/;
  const NO_TEXT = ["script", "style", "noscript", "template"];
  const started = performance.now();
  const all = document.getElementsByTagName("*");
  const scripts = document.getElementsByTagName("script");
  let dirty = true;
  let changed = started;
  let elements = -1;
  let text = -1;
  let leadsOn = false;
  const observer = new MutationObserver(() => { dirty = true; });
  observer.observe(document, { childList: true, characterData: true, subtree: true });
  const textLength = (root) => {
    let size = root.textContent.trim().length;
    for (const name of NO_TEXT) {
      for (const element of root.getElementsByTagName(name)) {
        // One within another, such as a script in a <noscript>'s text, is counted with the outer one alone.
        if (!element.parentElement.closest(NO_TEXT.join())) size -= element.textContent.length;
      }
    }
    return Math.max(size, 0);
  };
  // Text in shadow trees and in frames of the same origin counts as well, as far as it is needed to tell "little".
  const innerLength = (root) => {
    let size = 0;
    for (const element of root.getElementsByTagName("*")) {
      if (size >= LITTLE_TEXT) break;
      if (element.shadowRoot) size += element.shadowRoot.textContent.trim().length;
      else if (element.localName === "iframe" || element.localName === "frame") {
        try { size += textLength(element.contentDocument.body); } catch { /* of another origin, or empty */ }
      }
    }
    return size;
  };
  const look = (now) => {
    dirty = false;
    let size = document.body ? textLength(document.body) : 0;
    if (document.body && size < LITTLE_TEXT) size += innerLength(document.body);
    if (all.length !== elements || Math.abs(size - text) > SMALL_CHANGE) {
      elements = all.length;
      text = size;
      changed = now;
      leadsOn = [...scripts].some((script) => LATER.test(script.textContent.slice(0, SEARCHED_SCRIPT)));
    }
  };
  const check = () => {
    const now = performance.now();
    if (dirty) look(now);
    const unfinished = leadsOn || (text < LITTLE_TEXT && scripts.length > 0);
    const ready = document.readyState === "complete" && now - changed >= (unfinished ? empty : quiet);
    if (ready || now - started >= limit) {
      observer.disconnect();
      if (document.body) text = textLength(document.body) + innerLength(document.body);
      const navigation = performance.getEntriesByType("navigation")[0];
      resolve({
        ready,
        status: navigation ? navigation.responseStatus : 0,
        length: text,
        url: document.URL,
        content_type: document.contentType,
      });
    } else {
      setTimeout(check, 25);
    }
  };
  check();
})
