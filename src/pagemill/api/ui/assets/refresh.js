// Parts of a page that refresh: <section id="rows" data-refresh="5">. Every so many seconds the page, or the address in
// data-refresh-from, is asked for again, and the element of the same id takes the place of this one. Nothing is asked for
// while the page is hidden, or while the focus or a selection of text is in the part. An answer without data-refresh ends
// it. Elements with data-refresh-with="rows" are replaced by their likes of the same answer.
export function startRefreshing() {
  for (const part of document.querySelectorAll("[data-refresh]")) plan(part);
}

function plan(part) {
  setTimeout(() => refresh(part), Number(part.dataset.refresh) * 1000);
}

async function refresh(part) {
  if (!part.isConnected) return;
  const selected = getSelection();
  const busy = part.contains(document.activeElement) || (!selected.isCollapsed && part.contains(selected.anchorNode));
  if (document.hidden || busy) return plan(part);
  let next = part;
  try {
    const answer = await fetch(part.dataset.refreshFrom || location.href, { headers: { Accept: "text/html" } });
    if (answer.status === 401) return location.reload();
    if (answer.ok) {
      const answered = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = answered.getElementById(part.id);
      if (found) {
        for (const beside of document.querySelectorAll(`[data-refresh-with="${part.id}"]`)) {
          const other = answered.getElementById(beside.id);
          if (other && !beside.contains(document.activeElement)) beside.replaceWith(document.adoptNode(other));
        }
        next = document.adoptNode(found);
        part.replaceWith(next);
        next.dispatchEvent(new Event("refreshed", { bubbles: true }));
      }
    }
  } catch { /* the service is away: it is asked again */ }
  if (next.dataset.refresh) plan(next);
}
