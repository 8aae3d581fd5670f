from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pagemill.extraction import extract
from pagemill.extraction.page_type import classifier, signs
from pagemill.model import PAGE_TYPE

WORDS = "The mill by the river has ground the grain of the valley for two hundred years, and it still does today. "
ARTICLE = (
    '<html><head><title>The mill</title><meta property="og:type" content="article">'
    '<meta property="article:published_time" content="2026-01-02"><meta name="author" content="Ann Other">'
    '<script type="application/ld+json">{"@context": "https://schema.org", "@type": "NewsArticle"}</script></head>'
    f'<body class="single-post"><article><h1>The mill</h1>{f"<p>{WORDS * 3}</p>" * 12}</article></body></html>'
)
PRODUCT = (
    '<html><head><title>Blue mug</title><meta property="og:type" content="product">'
    '<meta property="product:price:amount" content="9.99"><script type="application/ld+json">'
    '{"@type": "Product", "name": "Blue mug", "aggregateRating": {"@type": "AggregateRating", "ratingValue": "5"}, '
    '"offers": {"@type": "Offer", "price": "9.99"}}</script></head><body class="single-product"><header><nav><ul>'
    + "".join(
        f'<li><a href="/collections/{name}">{name}</a></li>' for name in ("mugs", "plates", "bowls", "new", "sale")
    )
    + "</ul></nav></header><main><h1>Blue mug</h1><img src='/1.jpg'><img src='/2.jpg'><p>$9.99</p>"
    "<button>Add to cart</button><h2>Description</h2>"
    + "<p>A mug of clay for coffee or tea, made by hand. It holds 300 ml and is dishwasher safe.</p>" * 3
    + "<ul><li>300 ml</li><li>Blue</li><li>Clay</li></ul></main><footer>Shipping</footer></body>"
)


def told(html, url):
    return extract(html.encode(), url, formats=[PAGE_TYPE, "metadata"]).page_type


def test_plain_cases():
    assert told(ARTICLE, "https://news.example.com/2026/01/02/the-mill-by-the-river") == "article"
    assert told(PRODUCT, "https://shop.example.com/products/blue-mug") == "product"


def test_it_is_told_only_where_asked_for_and_sure():
    assert extract(ARTICLE.encode(), "https://example.com/").page_type is None
    assert told("", "") is None
    assert told("<title>Error</title><h1>Not found</h1><p>Nothing is here.</p>", "https://example.com/") is None


@pytest.mark.parametrize("url", ["", "http://[", "x" * 100_000, "https://example.com/" + "a-" * 50_000, "ä/ö?ü=1"])
def test_any_url_has_features(url):
    told(ARTICLE, url)


def test_a_model_is_read_as_it_was_written(tmp_path):
    model = classifier.load()
    classifier.write(tmp_path / "model.npz", model)
    again = classifier.read(tmp_path / "model.npz")
    features = np.random.default_rng(1).normal(size=(model.features, 20)).astype(np.float32)
    assert (model.probabilities(features) == again.probabilities(features)).all()
    assert model.probabilities(features).sum(axis=0).max() <= 1 + 1e-9
    assert (again.features, again.least) == (model.features, model.least)
    sure = dataclasses.replace(model, least=1.1)
    assert sure.type_of(features[:, 0]) is None


def test_the_model_knows_as_many_features_as_there_are(monkeypatch):
    """Its trees say nothing of a feature that is new, and would read another in place of one that is gone."""
    counts, read = [], signs.read

    def counted(*words):
        features = read(*words)
        counts.append(len(features))
        return features

    monkeypatch.setattr(signs, "read", counted)
    told(ARTICLE, "https://example.com/")
    assert counts == [classifier.load().features]
