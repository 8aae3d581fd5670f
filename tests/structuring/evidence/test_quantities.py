from __future__ import annotations

from decimal import Decimal

import pytest

from pagemill.structuring.evidence import quantities


@pytest.mark.parametrize(
    ("text", "number", "currency"),
    [
        ("$1,234.50 now", "1234.50", "USD"),
        ("1.234,50 €", "1234.50", "EUR"),
        ("from CHF 12", "12", "CHF"),
        ("1 299 руб.", "1299", "RUB"),
        ("售价1299元", "1299", "CNY"),
        ("税込1,980円", "1980", "JPY"),
        ("가격1,299원", "1299", "KRW"),
        ("元旦特价 $5", "5", "USD"),
        ("元旦5折", "5", None),
        ("version x12", None, None),
    ],
)
def test_prices(text, number, currency):
    assert quantities.first_number(text) == (Decimal(number) if number else None)
    assert quantities.currency_of(text) == currency
