"""Templates, and the files of `service/static/` under names that carry a hash of their bytes, so that they never go stale."""

import hashlib
import mimetypes
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from msgspec import Struct

from service.accounts import ROLES
from service.errors import Refused
from service.language import LANGUAGES, SOURCE, current_language, gettext, ngettext
from service.web.marking import finish, mark
from service.web.reading import current_reading

__all__ = ["ASSETS", "Asset", "asset_url", "render"]

_HERE = Path(__file__).resolve().parent.parent


class Asset(Struct, frozen=True):
    """One file: its bytes, media type, and name such as `style.0123456789ab.css`."""

    name: str
    media_type: str
    data: bytes


def _read_assets(folder: Path) -> dict[str, Asset]:
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        name = f"{path.stem}.{hashlib.sha256(data).hexdigest()[:12]}{path.suffix}"
        # RFC 9239; the library's table names the older type before Python 3.12.
        kind = "text/javascript" if path.suffix == ".js" else mimetypes.types_map.get(path.suffix, "application/octet-stream")
        found[path.relative_to(folder).as_posix()] = Asset(name, kind, data)
    return found


_BY_PATH = _read_assets(_HERE / "static")
ASSETS = {asset.name: asset for asset in _BY_PATH.values()}


def asset_url(path: str) -> str:
    """Return the address of a file of `service/static/`; KeyError, while the page is written, if there is none."""
    return f"/assets/{_BY_PATH[path].name}"


def _say(error: Refused) -> str:
    """Return why something was refused, in the language of the page."""
    return error.zh if current_language() == SOURCE else error.en


def _shown(value: Any) -> Any:
    """Return what a template prints: text that is data is marked where it is Chinese, on a page that is not."""
    return mark(value) if type(value) is str and current_language() != SOURCE else value


@pass_context  # or a constant would be printed in the language in which the template was first read
def _print(context: Context, value: Any) -> Any:
    return _shown(value)


def _spoken(text: str, said: str) -> str:
    """Return a translation with the Chinese it keeps marked, such as a word to be typed; one that is missing stays bare, and is found."""
    return said if said == text else mark(said)


class _Words(Markup):
    """Our own words, which may hold tags; what is put into them is data."""

    def format(self, *args: Any, **values: Any) -> "_Words":
        return super().format(*map(_shown, args), **{name: _shown(value) for name, value in values.items()})


def _translate(text: str, /, **values: Any) -> Markup:
    return _Words(_spoken(text, gettext(text))) % {name: _shown(value) for name, value in values.items()}


def _translate_number(one: str, many: str, number: int, /, **values: Any) -> Markup:
    return _Words(ngettext(one, many, number)) % {name: _shown(value) for name, value in {"num": number, **values}.items()}


# Autoescape for every template whatever its name; a variable that was not given is an error, never an empty place.
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=_print,
    extensions=["jinja2.ext.i18n"],
)
_TEMPLATES.install_gettext_callables(_translate, _translate_number, newstyle=False)  # type: ignore[attr-defined]  # of the extension
_TEMPLATES.newstyle_gettext = True  # type: ignore[attr-defined]  # values are given to our callables, not applied by the extension
_TEMPLATES.globals.update(asset=asset_url, role_names=ROLES, languages=LANGUAGES, language=current_language, bureau="", staff=None, csrf="")
_TEMPLATES.filters["say"] = _say
_TEMPLATES.filters["json"] = lambda value: msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def render(template: str, **values: Any) -> str:
    """Return the page made of a file of `service/templates/`. `bureau`, `staff` and `csrf` may be left out."""
    page = _TEMPLATES.get_template(template).render(**values, reading=current_reading())
    return page if current_language() == SOURCE else finish(page, current_reading().address)
