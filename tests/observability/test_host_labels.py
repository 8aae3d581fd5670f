from __future__ import annotations

from pagemill.observability.host_labels import OTHER, HostLabels


def labels_of(labels, host, pages):
    return [labels.of(f"http://{host}/page?of={number}") for number in range(pages)]


def test_no_host_is_named_unless_it_is_asked_for():
    assert labels_of(HostLabels(0), "example.com", 20) == [None] * 20


def test_a_host_is_named_after_some_pages():
    assert labels_of(HostLabels(1), "example.com", 12) == [OTHER] * 9 + ["example.com"] * 3


def test_the_number_of_names_and_of_candidates_is_limited():
    labels = HostLabels(2)
    for number in range(5_000):
        labels_of(labels, f"host-{number}.example", 1)
    assert len(labels._candidates) <= 21
    named = {label for number in range(50) for label in labels_of(labels, f"busy-{number}.example", 12)}
    assert named == {OTHER, "busy-0.example", "busy-1.example"}


def test_a_url_without_a_host_is_one_of_the_others():
    assert HostLabels(3).of("http://[") == OTHER
    assert HostLabels(3).of("nothing") == OTHER
