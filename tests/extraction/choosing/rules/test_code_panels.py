from __future__ import annotations

from tests.extraction.chosen import kept

from pagemill.extraction.choosing.rules import code_panels


def test_all_panels_of_code_are_content_if_one_is():
    markup = (
        "<div><div><span>sh</span><pre><mark>npm add x</mark></pre></div>"
        "<div class=active><span>sh</span><pre>pnpm add x</pre></div></div>"
    )
    assert kept(code_panels.select, markup) == ["npm add x", "pnpm add x"]


def test_code_in_another_box_or_behind_text_is_not():
    box = "<div><div><pre>pnpm add x</pre></div></div>"
    assert kept(code_panels.select, f"<div><div><pre><mark>npm add x</mark></pre></div></div>{box}") == ["npm add x"]
    text = "<p>An account of the other manager.</p>"
    assert kept(code_panels.select, f"<div><pre><mark>npm add x</mark></pre>{text}<pre>b</pre></div>") == ["npm add x"]


def test_panels_before_the_chosen_one_are_content_too():
    panels = "".join(f"<div><span>sh</span><pre>{name} add x</pre></div>" for name in ("npm", "pnpm", "yarn"))
    chosen = panels.replace("yarn add x", "<mark>yarn add x</mark>")
    assert kept(code_panels.select, f"<div>{chosen}</div>") == ["npm add x", "pnpm add x", "yarn add x"]
