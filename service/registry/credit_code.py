"""Check characters of the codes that name enterprises in China.

GB 32100-2015 (18-character unified social credit code), GB 11714 (the organisation code inside it),
GS 15-2006 (15-digit registration number used before 2015). A failed check is a reason to look again and never
a reason to refuse: lawful codes with wrong check characters are in use.
"""

from operator import mul
from typing import Final, Literal

import msgspec

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_VALUES: Final = {character: value for value, character in enumerate(ALPHABET)}
_WEIGHTS: Final = tuple(pow(3, position, 31) for position in range(17))
_DIGITS: Final = {character: int(character, 36) for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
# Letters the alphabet leaves out because they are misread, with what was probably meant.
_MISREAD: Final = str.maketrans("IOZSV", "1025U")

Problem = Literal["credit-letters", "credit-check", "organisation-check", "registration-check", "code-shape"]


class Description(msgspec.Struct, frozen=True):
    """What a code is and what is wrong with it. `suggestion` passes all checks, or is ""."""

    kind: Literal["credit", "registration", "other"]
    problems: tuple[Problem, ...]
    suggestion: str = ""


def check_character(first: str) -> str:
    """The 18th character for the first 17 of a credit code. Raises ValueError outside the alphabet."""
    if len(first) != 17:
        raise ValueError(f"need 17 characters, got {len(first)}")
    try:
        total = sum(map(mul, map(_VALUES.__getitem__, first), _WEIGHTS))
    except KeyError as error:
        raise ValueError(f"character {error.args[0]!r} does not occur in credit codes") from None
    return ALPHABET[-total % 31]


def organisation_check_character(first: str) -> str:
    """The ninth character for the first eight (0-9, A-Z) of an organisation code (GB 11714)."""
    if len(first) != 8 or not (first.isascii() and first.isalnum() and first == first.upper()):
        raise ValueError("need 8 characters of 0-9 and A-Z")
    total = sum(map(mul, map(_DIGITS.__getitem__, first), _ORGANISATION_WEIGHTS))
    remainder = 11 - total % 11
    return "X" if remainder == 10 else "0" if remainder == 11 else str(remainder)


def registration_check_character(first: str) -> str:
    """The 15th digit for the first 14 of a registration number (GS 15-2006, ISO 7064 MOD 11,10)."""
    if len(first) != 14 or not (first.isascii() and first.isdigit()):
        raise ValueError("need 14 digits")
    product = 10
    for digit in first:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return str((11 - product) % 10)


def describe(code: str) -> Description:
    """What the upper-case `code` is, with every check it fails. Never raises."""
    if len(code) == 18 and code.isascii() and code.isalnum():
        return _describe_credit(code)
    if len(code) == 15 and code.isascii() and code.isdigit():
        right = registration_check_character(code[:14]) == code[14]
        return Description("registration", () if right else ("registration-check",))
    return Description("other", ("code-shape",))


def _describe_credit(code: str) -> Description:
    if not _VALUES.keys() >= set(code):
        repaired = code.translate(_MISREAD)
        sound = (
            all(character in _VALUES for character in repaired) and not _describe_credit(repaired).problems
        )
        return Description("credit", ("credit-letters",), repaired if sound else "")
    problems: list[Problem] = []
    if check_character(code[:17]) != code[17]:
        problems.append("credit-check")
    if organisation_check_character(code[8:16]) != code[16]:
        problems.append("organisation-check")
    return Description("credit", tuple(problems))
