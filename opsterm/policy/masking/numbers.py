"""Numbers of cards and bank accounts: told from other numbers by their check digits."""

from __future__ import annotations

from collections.abc import Iterator

from opsterm.core import lean_re as re
from opsterm.policy.masking.spans import SecretSpan

_CARD = re.compile(
    r"(?<![\w.:/+-])(?<!\d )(?:"
    r"(?P<sixteen>(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6(?:011|5\d{2}|4[4-9]\d|2\d{2})|35[2-8]\d)"
    r"(?P<gap>[ -]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{4})"
    r"|(?P<fifteen>3[47]\d{2}(?P<gap15>[ -]?)\d{6}(?P=gap15)\d{5})"
    r"|(?P<fourteen>3(?:0[0-5]|[68]\d)\d(?P<gap14>[ -]?)\d{6}(?P=gap14)\d{4})"
    r")(?![\w/+-]|[.:]\d| \d| (?:to|bytes|packets|octets|bits|ns|us)\b)"
)
"""Sixteen, fifteen and fourteen digits as the card brands begin and group them (ISO/IEC 7812)."""

_COUNTED = re.compile(
    r"(?:octets?|bytes|packets|pkts|bits|counters?|counts?|errors|drops|sectors|blocks|inode|offset|nanos|ns|seq|sum|total)[\w]{0,20}[ \t|:=\"']{0,40}$",
    re.IGNORECASE,
)
"""What stands before a number that is counted, and may have a right check digit by chance."""

_COUNTED_BEFORE = 60

_IBAN = re.compile(
    r"(?<![A-Za-z0-9/+=_-])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9/+=_-])"
)

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28,
    "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "TN": 24,
    "TR": 26, "UA": 29, "VA": 22, "XK": 20,
}  # fmt: skip
"""Country -> characters of an account number, from the registry of ISO 13616."""


def find_numbers(text: str) -> Iterator[SecretSpan]:
    """Yield the card and account numbers of a text whose check digits are right."""
    for match in _CARD.finditer(text):
        if _luhn(re.sub(r"[ -]", "", match[0])) and not _COUNTED.search(
            text, max(0, match.start() - _COUNTED_BEFORE), match.start()
        ):
            yield SecretSpan(match.start(), match.end(), "card")
    for match in _IBAN.finditer(text):
        end = _account_end(match[0])
        if end:
            yield SecretSpan(match.start(), match.start() + end, "iban")


def _luhn(digits: str) -> bool:
    """Return whether the sum of ISO/IEC 7812 is right; one repeated digit is no number."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0 and len(set(digits)) > 1


def _account_end(text: str) -> int:
    """Return how many characters of the text are an account number, 0 when it begins with none."""
    length = _IBAN_LENGTHS.get(text[:2], 0)
    taken = compact = 0
    while taken < len(text) and compact < length:
        compact += text[taken] != " "
        taken += 1
    account = text[:taken].replace(" ", "")
    if not length or len(account) != length or (taken < len(text) and text[taken] != " "):
        return 0
    rearranged = "".join(str(int(char, 36)) for char in account[4:] + account[:4])
    return taken if int(rearranged) % 97 == 1 else 0
