"""Hypothesis strategies for any value of a msgspec type, from what the type says of itself: patterns, bounds, literals, unions."""

from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from selection import forms

__all__ = ["values_of"]

PLAIN = st.text(st.characters(codec="utf-8"), max_size=12)
HEX32 = st.binary(min_size=16, max_size=16).map(bytes.hex)


def _pattern(form: Any) -> str | None:
    info = inspect.type_info(form)
    assert isinstance(info, inspect.StrType)
    return info.pattern


# The commonest patterns, without the detour through a regular expression.
QUICK = {
    _pattern(forms.Hex64): st.binary(min_size=32, max_size=32).map(bytes.hex),
    _pattern(forms.Person): HEX32.map("p-{}".format),
    _pattern(forms.Actor): HEX32.map("s-{}".format),
    _pattern(forms.Text): st.text(st.characters(codec="utf-8", exclude_characters=[*map(chr, range(32)), "\x7f"]), min_size=1, max_size=12),
    _pattern(forms.Id): st.text("09AZaz._-", min_size=1, max_size=12),
    _pattern(forms.Label): st.text("09az-", min_size=1, max_size=12),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return the strategy for values of `kind`, small ones."""
    return _of(inspect.type_info(kind))


def _of(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.Metadata():
            return _of(info.type)
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            low = -(2**53) + 1 if info.ge is None else info.ge
            return st.integers(low, 2**53 - 1 if info.le is None else info.le)
        case inspect.StrType():
            if info.pattern is None or info.pattern in QUICK:
                return QUICK.get(info.pattern, PLAIN)
            return st.from_regex(info.pattern, alphabet=st.characters(codec="utf-8"))
        case inspect.LiteralType():
            return st.sampled_from(info.values)
        case inspect.VarTupleType():
            least = info.min_length or 0
            return st.lists(_of(info.item_type), min_size=least, max_size=least + 1).map(tuple)
        case inspect.DictType():
            return st.dictionaries(_of(info.key_type), _of(info.value_type), max_size=2)
        case inspect.UnionType():
            return st.one_of([_of(one) for one in info.types])
        case inspect.StructType():
            return st.builds(info.cls, **{field.name: _field(field) for field in info.fields})
    raise AssertionError(f"no strategy for {info}")


def _field(field: inspect.Field) -> st.SearchStrategy[Any]:
    found = _of(field.type)
    return found | st.just(msgspec.UNSET) if field.default is msgspec.UNSET else found


