"""The field types of docs/spec/README.md, "Notation, once for all pages", as annotated types for structs.

A pattern here is the whole rule: a value that matches is valid, also for dates (month lengths, leap years).
"""

import re
from typing import Annotated

from msgspec import Meta

__all__ = ["Actor", "Count", "Date", "Digest", "Hex64", "Id", "Key", "KeyId", "Label", "Nonce16", "Person", "Positive",
           "Text", "Time", "is_id"]  # fmt: skip

_DAY = (
    r"(?:[2-9][0-9]{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))|(?:[2-9][0-9](?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[3579][26])00)-02-29)"
)
_ID = r"\A[0-9A-Za-z._-]{1,64}\Z"

Hex64 = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Id = Annotated[str, Meta(pattern=_ID)]
Label = Annotated[str, Meta(pattern=r"\A[a-z0-9-]{1,32}\Z")]
Person = Annotated[str, Meta(pattern=r"\Ap-[0-9a-f]{32}\Z")]
Actor = Annotated[str, Meta(pattern=r"\As-[0-9a-f]{32}\Z")]
Text = Annotated[str, Meta(pattern=r"\A[^\x00-\x1f\x7f]{1,4000}\Z")]
Time = Annotated[str, Meta(pattern=rf"\A{_DAY}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z\Z")]
Date = Annotated[str, Meta(pattern=rf"\A{_DAY}\Z")]
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Positive = Annotated[int, Meta(ge=1, le=2**53 - 1)]
# The last character of unpadded or padded base64 carries unused bits, which must be zero: the text is then unique.
Key = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\Z")]
KeyId = Annotated[str, Meta(pattern=r"\Asha256:[0-9a-f]{64}\Z")]
Digest = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]
Nonce16 = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{21}[AQgw]\Z")]

_is_id = re.compile(_ID).match


def is_id(value: str) -> bool:
    """Return whether `value` is of the type `id`: 1 to 64 of `[0-9A-Za-z._-]`."""
    return _is_id(value) is not None
