"""Numbers as pages write them: read out of a text, and found in one in any usual form.

"1,234.50", "1.234,50", "1 234,50", "1’234.50", "12,34,567", "1.2 million", "15%" for 0.15, "$12^99" for 12.99.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pagemill.structuring.evidence.phrase_search import Span
    from pagemill.structuring.evidence.searchable_text import SearchableText

_SPACES = "\u00a0\u202f\u2009\u2007"
_BEGIN = r"(?:(?<![\w.,])|(?<=[\u3041-\u9fff\uac00-\ud7a3]))"  # East Asian texts put no space before a number
_TOKEN = re.compile(rf"{_BEGIN}[-−–+]?\s?\d(?:[\d.,'’{_SPACES}]|\s(?=\d{{3}}(?!\d)))*")
CURRENCIES = {
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "₽": "RUB",
    "₩": "KRW",
    "₺": "TRY",
    "₴": "UAH",
    "₪": "ILS",
    "zł": "PLN",
    "kč": "CZK",
    "us$": "USD",
    "ca$": "CAD",
    "c$": "CAD",
    "a$": "AUD",
    "au$": "AUD",
    "r$": "BRL",
    "nz$": "NZD",
    "hk$": "HKD",
    "s$": "SGD",
    "chf": "CHF",
    "฿": "THB",
    "₫": "VND",
    "₱": "PHP",
    "$": "USD",
}
_SUFFIX_CURRENCIES = {"元": "CNY", "円": "JPY", "원": "KRW", "руб": "RUB"}
"""What names a currency only right behind a number: elsewhere it is part of other words."""
_AMOUNT = re.compile(rf"\d\s*({'|'.join(_SUFFIX_CURRENCIES)})")
DOLLAR_CURRENCIES = frozenset(["USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN", "TWD"])
KRONE_CURRENCIES = frozenset(["SEK", "NOK", "DKK", "ISK"])
MONEY = re.compile(
    r"\s*(?P<before>[A-Za-z]{0,3}[$€£¥₹₽₩₺₴₪฿₫₱]|[A-Z]{3})?\s*(?P<number>[-−+]?\s?\d[\d.,'’ \u00a0\u202f\u2009]*)"
    r"(?:,?[-–])?\s*(?P<after>[$€£¥₹₽₩₺₴₪฿₫₱%]|[A-Z]{3}|zł|Kč|kr\.?|руб\.?|元|円|원)?\s*"
)
_SCALES = (
    (Decimal(10**3), r"(?:k|thousand|tsd\.?|mil|mille)"),
    (Decimal(10**6), r"(?:m|mm|mn|mio\.?|million|millions|millionen|millón|millones|milhões|milioni|mln)"),
    (Decimal(10**9), r"(?:b|bn|billion|billions|mrd\.?|milliarden?|milliards?|mil\s+millones|miliardi|mld)"),
    (Decimal(10**12), r"(?:t|tn|trillion|trillions|billionen)"),
)
_SCALED = (
    *((scale, re.compile(rf"[\s\-{_SPACES}]?{words}(?![^\W_])")) for scale, words in _SCALES),
    # East Asian numbers go by ten thousands, and run into the word behind them.
    (Decimal(10**4), re.compile(r"\s?[万萬만]")),
    (Decimal(10**8), re.compile(r"\s?[亿億억]")),
    (Decimal(10**12), re.compile(r"\s?[兆조]")),
)
_PERCENT = re.compile(rf"[\s{_SPACES}]?(?:%|percent|per cent|prozent|pour cent|por ciento)")
_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_MONEY_SIGN = re.compile(r"[$€£¥₹]|zł|kč|\b(?:usd|eur|gbp|chf|cad|aud|jpy|inr|pln|sek|nok|dkk|czk)\b")
_DIGITS = re.compile("[0-9]+")
_MAX_CENTS_DISTANCE = 16
_MAX_HITS = 300
_MAX_LENGTH = 40


def readings(token: str) -> list[Decimal]:
    """Return what a written number can mean: "1,234" is 1234, and 1.234 where commas are decimal; likeliest first."""
    digits = re.sub(rf"[\s'’{_SPACES}]", "", token).rstrip(".,")
    negative = digits[:1] in "-−–" and digits[:1] != ""
    digits = digits.lstrip("-−–+").rstrip("-–")
    if not re.fullmatch(r"[\d.,]*\d", digits) or len(digits) > _MAX_LENGTH:
        return []
    values = [Decimal(text) for text in _plain(digits)]
    return [-value for value in values] if negative else values


def _plain(digits: str) -> list[str]:
    """The ways to read digits with points and commas as a number with a decimal point."""
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return [digits]
    last = marks[-1]
    head, _, tail = digits.rpartition(last)
    decimal = f"{re.sub('[.,]', '', head) or '0'}.{tail}"
    whole = re.sub("[.,]", "", digits)
    if len(set(marks)) == 2:
        return [decimal] if marks.count(last) == 1 else []
    if len(marks) > 1:
        return [whole]
    grouped = len(tail) == 3 and 1 <= len(head) <= 3 and head[0] != "0"
    return [whole, decimal] if grouped else [decimal]


def first_number(text: str) -> Decimal | None:
    """Return the first number written in a text, in its likeliest reading, or None."""
    for match in _TOKEN.finditer(text[:10_000]):
        values = readings(match[0])
        if values:
            return values[0]
    return None


def currency_of(text: str) -> str | None:
    """Return the code of the currency that a price names, by code or sign; None where it names none."""
    if code := re.search(r"(?<![A-Za-z])[A-Z]{3}(?![A-Za-z])", text):
        return code[0]
    lower = text.lower()
    if amount := _AMOUNT.search(lower):
        return _SUFFIX_CURRENCIES[amount[1]]
    signs = [sign for sign in CURRENCIES if sign in lower]
    return CURRENCIES[max(signs, key=len)] if signs else None


def as_decimal(value: float) -> Decimal | None:
    """Return a JSON number as it is written; None for one that is no number or too large to be quoted."""
    try:
        number = Decimal(repr(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and -20 < number.adjusted() < 25 else None


def find(value: Decimal, page: SearchableText) -> Iterator[Span]:
    """Yield where a page says this number, in any usual form: places in its folded text."""
    text = page.folded
    yield from _written(value, page)
    yield from _split_cents(value, page)
    for scale, words in _SCALED:
        if abs(value) >= scale:
            yield from _with_suffix(value / scale, words, page)
    if 0 < abs(value) < 10:
        yield from _with_suffix(value * 100, _PERCENT, page)
    if value == value.to_integral_value() and 0 <= value < len(_SMALL):
        for match in re.finditer(rf"\b{_SMALL[int(value)]}\b", text):
            yield match.span()


def _with_suffix(value: Decimal, words: re.Pattern[str], page: SearchableText) -> Iterator[Span]:
    digits = value.normalize()
    exponent = digits.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -3:
        for start, end in _written(digits, page):
            if match := words.match(page.folded, end):
                yield start, match.end()


def _written(value: Decimal, page: SearchableText) -> Iterator[Span]:
    whole, _, fraction = f"{abs(value):f}".partition(".")
    fraction = fraction.rstrip("0")
    if fraction and not any(fraction + "0" * zeros in page.digit_runs for zeros in range(4)):
        return
    if fraction and whole == "0":
        for position in _hits(f".{fraction}", page.folded):
            yield from _delimited(position, f".{fraction}", page.folded, value)
    last = whole[-3:]
    if last not in page.digit_runs and whole not in page.digit_runs:
        return
    befores = [form.removesuffix(last) for form in _grouped(whole)]
    for tail in [f".{fraction}", f",{fraction}"] if fraction else [""]:
        for position in _hits(last + tail, page.folded):
            for before in befores:
                start = position - len(before)
                if start >= 0 and page.folded.startswith(before, start):
                    yield from _delimited(start, before + last + tail, page.folded, value)


def _grouped(whole: str) -> list[str]:
    """The ways to group the digits of a whole number."""
    if len(whole) < 4:
        return [whole]
    western = _groups(whole, 3)
    forms = [whole, *(mark.join(western) for mark in (",", ".", " ", *_SPACES, "'", "’"))]
    if len(whole) > 5:
        forms.append(",".join([*_groups(whole[:-3], 2), whole[-3:]]))  # lakhs and crores
    return forms


def _groups(digits: str, size: int) -> list[str]:
    first = len(digits) % size
    return ([digits[:first]] if first else []) + [digits[i : i + size] for i in range(first, len(digits), size)]


def _delimited(position: int, form: str, text: str, value: Decimal) -> Iterator[Span]:
    """Yield the place of `form` at `position` if it is a whole number there, rather than a piece of a longer one."""
    has_fraction = value != value.to_integral_value()
    end = _end_of(text, position + len(form), has_fraction=has_fraction)
    if end is None or not _begins(text, position, form):
        return
    minus = _minus_before(text, position) if value < 0 else position
    if minus is not None:
        yield minus, end


def _end_of(text: str, end: int, *, has_fraction: bool) -> int | None:
    """Where the number really ends: noughts may follow the decimals (or ".00" a whole number), other digits not."""
    size = len(text)
    if has_fraction:
        while end < size and text[end] == "0":
            end += 1
    if end < size and text[end].isdigit():
        return None
    if end + 1 < size and text[end] in ".,'’" and text[end + 1].isdigit():
        if has_fraction:
            return None
        after = end + 1
        while after < size and text[after] == "0":
            after += 1
        zeros = after - end - 1
        if zeros in (0, 3) or (after < size and text[after].isdigit()):
            return None
        return after
    if end + 1 < size and text[end] in _SPACES and text[end + 1 : end + 4].isdigit() and not has_fraction:
        return None
    return end


def _begins(text: str, start: int, form: str) -> bool:
    """Whether no digit, and no letter of an identifier such as "a12", stands before."""
    if start == 0:
        return True
    before = text[start - 1]
    if before.isdigit():
        return False
    if before in ".,'’" and start > 1 and text[start - 2].isdigit():
        return False
    if before in _SPACES and start > 1 and text[start - 2].isdigit() and form[:3].isdigit():
        return False
    if before.isalpha() and before.isascii():
        word = re.search(r"[a-z]+$", text[max(0, start - 5) : start])
        return word is not None and (word[0] in ("x", "rs", "kr") or len(word[0]) == 3)
    return True


def _minus_before(text: str, start: int) -> int | None:
    position = start - 1
    while position >= 0 and start - position < 5 and (text[position] in "$€£¥₹ *_\\" or text[position] in _SPACES):
        position -= 1
    return position if position >= 0 and text[position] in "-−–(" else None


def _split_cents(value: Decimal, page: SearchableText) -> Iterator[Span]:
    """Prices whose cents are set apart by tags: "$12^99", "$12 99", "**12**.*99* €"."""
    whole, _, fraction = f"{abs(value):f}".partition(".")
    if not fraction or len(fraction) > 2:
        return
    cents = fraction.ljust(2, "0")
    text = page.folded
    if cents not in page.digit_runs:
        return
    for form in _grouped(whole)[:3]:
        if not page.digit_runs.issuperset(_DIGITS.findall(form)):
            continue
        pattern = rf"(?<![\d.,]){re.escape(form)}[\s*_^~.,<>/a-z\[\]]{{0,12}}?(?<!\d){cents}(?![\d.,]\d)(?!\d)"
        for start in _hits(form, text):
            if cents not in text[start + len(form) : start + len(form) + _MAX_CENTS_DISTANCE]:
                continue
            if (match := re.compile(pattern).match(text, start)) and _money_near(text, start, match.end()):
                yield match.span()


def _hits(form: str, text: str) -> Iterator[int]:
    position = -1
    for _ in range(_MAX_HITS):
        position = text.find(form, position + 1)
        if position < 0:
            return
        yield position


def _money_near(text: str, start: int, end: int) -> bool:
    return _MONEY_SIGN.search(text[max(0, start - 6) : start] + " " + text[end : end + 6]) is not None
