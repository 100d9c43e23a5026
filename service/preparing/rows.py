"""Rows of a page added, removed and moved; `path` names a list as form fields do: `strata`, `classes-0-inspectors`. Pure."""

from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_origin

from msgspec import Struct
from msgspec.structs import fields, replace

from service.errors import Invalid

__all__ = ["add", "blank_row", "move", "remove"]

T = TypeVar("T", bound=Struct)


def _no_such(path: str) -> Invalid:
    return Invalid(f"没有这一行：{path[:60]}；请重新打开这一页", f"there is no such row: {path[:60]}; open the page again")


def _changed(page: T, path: str, change: Callable[[tuple[Any, ...], type[Struct]], tuple[Any, ...]]) -> T:
    """Return `page` with the list at `path` changed; Invalid if it has no such list."""
    name, _, rest = path.partition("-")
    field = next((field for field in fields(type(page)) if field.name == name), None)
    if field is None:
        raise _no_such(path)
    value = getattr(page, name)
    if isinstance(value, Struct) and rest:
        return replace(page, **{name: _changed(value, rest, change)})
    if get_origin(field.type) is not tuple or not issubclass(inner := get_args(field.type)[0], Struct):
        raise _no_such(path)
    if not rest:
        return replace(page, **{name: change(value, inner)})
    number, _, rest = rest.partition("-")
    if not number.isdecimal() or int(number) >= len(value) or not rest:
        raise _no_such(path)
    row = _changed(value[int(number)], rest, change)
    return replace(page, **{name: (*value[: int(number)], row, *value[int(number) + 1 :])})


def add(page: T, path: str, row: Struct | None = None) -> T:
    """Return the page with `row`, or an empty one, at the end of a list."""
    return _changed(page, path, lambda rows, kind: (*rows, kind() if row is None else row))


def blank_row(page: T, path: str, row: Struct | None = None) -> T:
    """As `add` of `row` or an empty one; the page as it is where there is no such list: the path came with an address."""
    try:
        return add(page, path, row)
    except Invalid:
        return page


def _split(path: str) -> tuple[str, int]:
    head, _, number = path.rpartition("-")
    if not head or not number.isdecimal() or len(number) > 6:
        raise _no_such(path)
    return head, int(number)


def remove(page: T, path: str) -> T:
    """Return the page without the row that `path` names (`strata-2`)."""
    head, number = _split(path)
    return _changed(page, head, lambda rows, _: (*rows[:number], *rows[number + 1 :]))


def move(page: T, path: str, by: int) -> T:
    """Return the page with the row that `path` names `by` places later, as far as there are any."""
    head, number = _split(path)

    def moved(rows: tuple[Any, ...], _: type[Struct]) -> tuple[Any, ...]:
        if not 0 <= number < len(rows):
            return rows
        left = [*rows[:number], *rows[number + 1 :]]
        left.insert(max(0, number + by), rows[number])
        return tuple(left)

    return _changed(page, head, moved)
