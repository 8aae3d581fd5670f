// Resolves once the document is complete and its tree has not changed for `quiet` milliseconds, or after `limit`
// milliseconds, with whether it is `ready`, its HTTP `status` and the `length` of its text. A page with next to no text
// is given ten times the quiet: something is to come. Runs in a world of its own, where the page's scripts cannot reach it.
(quiet, limit) => new Promise((resolve) => {
  const LITTLE_TEXT = 200;
  const SMALL_CHANGE = 16; // a clock, a counter, a caret: these go on for ever
  const started = performance.now();
  const all = document.getElementsByTagName("*");
  let dirty = true;
  let changed = started;
  let elements = -1;
  let text = -1;
  const observer = new MutationObserver(() => { dirty = true; });
  observer.observe(document, { childList: true, characterData: true, subtree: true });
  const look = (now) => {
    dirty = false;
    const size = document.body ? document.body.textContent.length : 0;
    if (all.length !== elements || Math.abs(size - text) > SMALL_CHANGE) {
      elements = all.length;
      text = size;
      changed = now;
    }
  };
  const check = () => {
    const now = performance.now();
    if (dirty) look(now);
    const wanted = text < LITTLE_TEXT ? quiet * 10 : quiet;
    const ready = document.readyState === "complete" && now - changed >= wanted;
    if (ready || now - started >= limit) {
      observer.disconnect();
      const navigation = performance.getEntriesByType("navigation")[0];
      resolve({ ready, status: navigation ? navigation.responseStatus : 0, length: text });
    } else {
      setTimeout(check, 25);
    }
  };
  check();
})
