// Scrolls the page, or the element inside it that scrolls in its place, from top to bottom and back, over at most
// `height` pixels and `limit` milliseconds.
async (height, limit) => {
  const PAUSE = 60;
  const MAX_FRAME_WAIT = 1000;
  const started = performance.now();
  const scroller = () => {
    const page = document.scrollingElement || document.documentElement;
    if (page.scrollHeight > innerHeight + 1) return page;
    let best = page;
    for (const element of document.querySelectorAll("body, body *")) {
      if (element.scrollHeight > element.clientHeight + 1 && element.clientHeight * 2 > innerHeight &&
          element.clientWidth * 2 > innerWidth && /auto|scroll/.test(getComputedStyle(element).overflowY) &&
          element.scrollHeight > best.scrollHeight) best = element;
    }
    return best;
  };
  const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));
  // Observers are told of what came into view when a frame is drawn, which takes longer on a busy machine.
  const frames = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const pause = () => Promise.all([wait(PAUSE), Promise.race([frames(), wait(MAX_FRAME_WAIT)])]);
  const element = scroller();
  for (let top = 0; top < Math.min(element.scrollHeight, height) && performance.now() - started < limit;) {
    element.scrollTo({ top, behavior: "instant" });
    await pause();
    top += Math.max(element.clientHeight, 100);
  }
  element.scrollTo({ top: 0, behavior: "instant" });
}
