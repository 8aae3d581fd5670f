// The size of the whole page in pixels. Where an element inside it scrolls in its place (`inner`), the height is that of
// a window in which this element would show all that it has.
() => {
  const page = document.scrollingElement || document.documentElement;
  const size = { width: Math.max(page.scrollWidth, innerWidth), height: page.scrollHeight, inner: false };
  if (page.scrollHeight > innerHeight + 1) return size;
  for (const element of document.querySelectorAll("body, body *")) {
    const hidden = element.scrollHeight - element.clientHeight;
    if (hidden > 1 && element.clientHeight * 2 > innerHeight && element.clientWidth * 2 > innerWidth &&
        /auto|scroll/.test(getComputedStyle(element).overflowY) && innerHeight + hidden > size.height) {
      size.height = innerHeight + hidden;
      size.inner = true;
    }
  }
  return size;
}
