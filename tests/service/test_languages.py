"""The words of the interface: all of them through gettext, all of them in English once, none too many (ADR 24)."""

import ast
import re
from pathlib import Path

import pytest
from catalogues import LOCALE, SERVICE, WORDS, translated, written
from jinja2 import Environment, nodes

PLACE = re.compile(r"%\((\w+)\)s|(?<!\{)\{(\w+)[:}]")

# What stays Chinese in every language: the name of the language itself, and what a form sends.
AS_THEY_ARE = re.compile('中文|value="[^"]*"')
SPEAKS_ONCE = {"gettext", "ngettext", "_", "marked"}
# Words in both languages, one beside the other.
IN_BOTH = {"Words", "Sentence", "NotFound", "Refused", "Conflicting", "Invalid", "Denied", "NotLoggedIn"}
MODULES = sorted([*(SERVICE / "pages").glob("*.py"), SERVICE / "planning" / "load_words.py", SERVICE / "web" / "public.py"])
TEMPLATES = sorted((SERVICE / "templates").rglob("*.html"))
_JINJA = Environment(extensions=["jinja2.ext.i18n"])


def places(text: str) -> set[str]:
    return {one or other for one, other in PLACE.findall(text)}


def test_every_word_has_its_english() -> None:
    known = translated()
    missing = {word: sorted(map(str, files)) for word, files in written().items() if not all(known.get(word, {"": ""}).values())}
    assert missing == {}


def test_no_word_is_said_twice_or_no_longer_needed() -> None:
    known, needed = translated(), written()
    assert {word: dict(said) for word, said in known.items() if len({str(english) for english in said.values()}) > 1} == {}
    assert {word: list(said) for word, said in known.items() if word not in needed} == {}


def test_translations_have_the_same_places_and_are_english() -> None:
    for word, said in translated().items():
        for english in said.values():
            for form in [english] if isinstance(english, str) else english:
                assert places(form) <= places(word) | {"count", "num"}, (word, form)
                # Chinese stays where it is to be typed, or is the heading of a column in a file.
                assert len(WORDS.findall(form)) * 2 < len(form), (word, form)
        if isinstance(english, str):
            assert places(english) == places(word), (word, english)


def test_catalogues_are_written_by_hand_and_say_so() -> None:
    for path in LOCALE.glob("*.po"):
        head = path.read_text().split("\n\n")[0]
        assert "charset=utf-8" in head.lower(), path.name
        assert "nplurals=2; plural=(n != 1);" in head, path.name


def bare_in_template(path: Path) -> list[str]:
    """Return the Chinese a template writes without `_()` or `{% trans %}`."""
    found: list[str] = []

    def look(node: nodes.Node) -> None:
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in SPEAKS_ONCE:
            for value in (*node.args[2 if node.node.name == "ngettext" else 1 :], *node.kwargs):
                look(value)
            return
        if isinstance(node, nodes.Compare):
            return  # with a value, which is data
        text = node.data if isinstance(node, nodes.TemplateData) else node.value if isinstance(node, nodes.Const) else None
        if isinstance(text, str) and WORDS.search(AS_THEY_ARE.sub("", text)):
            found.append(text.strip())
        for child in node.iter_child_nodes():
            look(child)

    look(_JINJA.parse(path.read_text()))
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(SERVICE / "templates")))
def test_no_template_writes_bare_chinese(path: Path) -> None:
    assert bare_in_template(path) == []


def bare_in_module(path: Path) -> list[str]:
    """Return the Chinese a module writes without `gettext` or `marked`, beside what it says in both languages."""
    found: list[str] = []

    def look(node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if name in IN_BOTH | SPEAKS_ONCE:
                return
        if isinstance(node, ast.Compare | ast.Assert):
            return
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and WORDS.search(node.value.strip("\u3000")):
            found.append(node.value)
        for child in ast.iter_child_nodes(node):
            look(child)

    look(ast.parse(path.read_text()))
    return found


@pytest.mark.parametrize("path", [path for path in MODULES if path.name != "shortage_words.py"], ids=lambda path: path.name)
def test_no_module_of_public_pages_writes_bare_chinese(path: Path) -> None:
    assert bare_in_module(path) == []
