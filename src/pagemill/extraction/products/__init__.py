"""Products: the facts of a product that a page shows to machines alone, such as a price that a script fills in."""

from pagemill.extraction.products.facts import Fact
from pagemill.extraction.products.missing import insert, missing_facts
from pagemill.extraction.products.reader import read

__all__ = ["Fact", "insert", "missing_facts", "read"]
