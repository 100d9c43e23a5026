"""Templates, and the files of `service/static/` under names that carry a hash of their bytes, so that they never go stale."""

import hashlib
import mimetypes
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from service.accounts import ROLES
from service.errors import Refused
from service.language import LANGUAGES, SOURCE, current_language, gettext, ngettext

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


# Autoescape for every template whatever its name; a variable that was not given is an error, never an empty place.
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_TEMPLATES.install_gettext_callables(gettext, ngettext, newstyle=True)  # type: ignore[attr-defined]  # of the extension
_TEMPLATES.globals.update(asset=asset_url, role_names=ROLES, languages=LANGUAGES, language=current_language, bureau="", staff=None, csrf="")
_TEMPLATES.filters["say"] = _say
_TEMPLATES.filters["json"] = lambda value: msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def render(template: str, **values: Any) -> str:
    """Return the page made of a file of `service/templates/`. `bureau`, `staff` and `csrf` may be left out."""
    return _TEMPLATES.get_template(template).render(**values)
