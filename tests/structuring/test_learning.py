"""Once a model has read one page of a shop, its other pages need none."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.structuring.conftest import Harness

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "price": {"type": "number"},
        "currency": {"type": "string"},
        "available": {"type": "boolean"},
        "released": {"type": "string", "format": "date"},
        "tag": {"type": "array", "items": {"type": "string"}},
        "variants": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"size": {"type": "string"}, "stock": {"type": "integer"}},
            },
        },
    },
    "required": ["name", "price"],
}
ADJECTIVES = ["Copper", "Silver", "Wooden", "Tall", "Quiet", "Heavy", "Plain", "Bright", "Round", "Old"]
NOUNS = ["Kettle", "Lamp", "Chair", "Table", "Clock"]


def product(number):
    chance = random.Random(number)
    sizes = ["S", "M", "L", "XL"][: chance.randint(2, 4)]
    return {
        "name": f"{ADJECTIVES[number % 10]} {NOUNS[number // 10]}",
        "price": chance.randint(100, 250_000) / 100,
        "currency": "USD",
        "available": chance.random() < 0.7,
        "released": f"20{chance.randint(10, 25)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        "tag": chance.sample(["kitchen", "garden", "office", "winter", "gift", "outdoor"], 3),
        "variants": [{"size": size, "stock": chance.randint(0, 90)} for size in sizes],
    }


def page(number, *, redesigned=False):
    data, chance = product(number), random.Random(number)
    adverts = "".join(
        f"<aside class=ad>Buy {NOUNS[chance.randrange(5)]}s now!</aside>" for _ in range(chance.randint(0, 3))
    )
    price = f'<p class="price price-{number}">Price: <b>${data["price"]:,.2f}</b></p>'
    if redesigned:
        price = f"<div class=cost><div>Price: <span class=amount>${data['price']:,.2f}</span></div></div>"
    rows = "".join(f"<tr><td>{row['size']}</td><td>{row['stock']}</td></tr>" for row in data["variants"])
    text = (
        "This fine piece was made by hand in our own workshop, of the best materials, and it will serve you well. " * 4
    )
    frame = ("<div class=shell><section class=wide>", "</section></div>") if redesigned else ("", "")
    old = (
        ""
        if redesigned
        else "<header><nav class=top><a href=/ class=home>Shop</a><a href=/cart class=cart>Cart</a></nav></header>"
    )
    return f"""<html lang=en><head><title>{data["name"]}</title></head><body>{old}{adverts}
<main id=product>{frame[0]}<h1 class=title>{data["name"]}</h1>{price}
<p class=stock>Available: <span class=state>{"In stock" if data["available"] else "Sold out"}</span></p>
<p class=text>{text}</p><p>Released: <time>{data["released"]}</time></p>
<p>It is well suited for the following uses, among others that our customers have told us of over the years:</p>
<ul class=uses>{"".join(f"<li>tag: <span class=use>{tag}</span></li>" for tag in data["tag"])}</ul>
<p>These sizes are in our store today, and we will gladly send any of them to you on the same day:</p>
<table class=variants><tr><th>Size</th><th>Stock</th></tr>{rows}</table><p class=text>{text}</p>{frame[1]}</main>
<footer class=foot><p class=legal>All rights reserved by the shop and its owners.</p></footer></body></html>"""


async def read(harness: Harness, numbers, **design):
    made = [
        (await harness.make(page(number, **design), SCHEMA, url=f"https://shop.example/p/{number}"))["json"]
        for number in numbers
    ]
    for number, one in zip(numbers, made, strict=True):
        assert one["data"] == product(number), one
        assert one["unsupported"] == []
    return [one["source"] for one in made]


async def test_fifty_pages_of_a_shop_take_at_most_three_calls(harness, model):
    at = harness(model)
    sources = await read(at, range(50))
    assert len(model.asked) <= 3
    assert sources == ["model"] + 49 * ["learned"]


async def test_pages_in_hand_at_the_same_time_wait_for_the_first(harness, model):
    model.behaviour.delay = 0.1
    at = harness(model)
    made = await asyncio.gather(
        *(at.make(page(number), SCHEMA, url=f"https://shop.example/p/{number}") for number in range(50))
    )
    assert [one["json"]["data"] for one in made] == [product(number) for number in range(50)]
    assert len(model.asked) <= 3


async def test_a_new_design_is_learnt_anew(harness, model):
    at = harness(model)
    await read(at, range(3))
    calls = len(model.asked)
    assert await read(at, range(10, 14), redesigned=True) == ["model", "learned", "learned", "learned"]
    assert len(model.asked) == 2 * calls
    assert await read(at, range(20, 23)) == 3 * ["learned"], "the old design is still known"


async def test_where_selectors_fail_the_model_reads_the_page(harness, model):
    at = harness(model)
    await read(at, range(2))
    changed = page(7).replace('<p class="price price-7">Price: <b>', "<p>Price: <b>")
    made = (await at.make(changed, SCHEMA, url="https://shop.example/p/7"))["json"]
    assert made["source"] == "model"
    assert made["data"] == product(7)


async def test_another_shop_and_another_schema_are_learnt_for_themselves(harness, model):
    at = harness(model)
    await read(at, range(2))
    made = (await at.make(page(3), SCHEMA, url="https://other.example/p/3"))["json"]
    assert made["source"] == "model"
    made = (await at.make(page(3), {**SCHEMA, "required": []}, url="https://shop.example/p/3"))["json"]
    assert made["source"] == "model"


async def test_what_the_model_invents_teaches_nothing(harness, model):
    at = harness(model)
    model.behaviour.invents = {"price": 77.7}
    made = [(await at.make(page(number), SCHEMA))["json"] for number in range(3)]
    assert [one["source"] for one in made] == 3 * ["model"]
    assert len(model.asked) == 3


async def test_a_choice_that_makes_no_sense_is_no_harm(harness, model):
    at = harness(model)
    model.behaviour.answers = [json.dumps(product(0)), '{"/name": 99, "/price": "x", "/none": 0}']
    assert await read(at, range(2)) == ["model", "learned"]
    other = harness(model)
    model.behaviour.answers = [json.dumps(product(0)), "I would rather not."]
    assert await read(other, range(2)) == ["model", "learned"]


async def test_the_deadline_while_learning_keeps_the_data(harness, model):
    model.behaviour.delays = [0.0, 60.0]
    at = harness(model)
    made = (await at.make(page(0), SCHEMA, seconds=8.0))["json"]
    assert (made["status"], made["data"]) == ("success", product(0))
    assert len(model.asked) == 2


async def test_where_nothing_can_be_learnt_nobody_waits_for_it(harness, model):
    model.behaviour.delay = 0.1
    model.behaviour.invents = {"price": 77.7}
    at = harness(model)
    await asyncio.gather(*(at.make(page(number), SCHEMA) for number in range(8)))
    assert model.most_at_once > 1


async def test_what_one_key_taught_is_not_used_for_another(harness, model):
    at = harness(model)
    hostile = page(0).replace("<main id=product>", '<main id=product data-owner="a">')
    made = (await at.make(hostile, SCHEMA, url="https://shop.example/p/0", api_key_id="a"))["json"]
    assert made["source"] == "model"
    for number, key, source in ((1, "a", "learned"), (2, "b", "model"), (3, "b", "learned"), (4, "", "model")):
        made = (await at.make(page(number), SCHEMA, url=f"https://shop.example/p/{number}", api_key_id=key))["json"]
        assert (key, made["source"]) == (key, source)


async def test_a_private_page_teaches_nothing(harness, model):
    at = harness(model)
    for number in range(2):
        made = (await at.make(page(number), SCHEMA, api_key_id="a", is_private=True))["json"]
        assert (made["source"], made["data"]) == ("model", product(number))
    assert (await at.make(page(2), SCHEMA, api_key_id="a"))["json"]["source"] == "model"
    private = (await at.make(page(3), SCHEMA, api_key_id="a", is_private=True))["json"]
    assert private["source"] == "learned", "what the key's plain pages taught serves its private ones"
