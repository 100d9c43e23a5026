"""How registries, columns, values and rows are called on pages, in the language of the page. Files always speak Chinese."""

from collections.abc import Mapping
from typing import Final

from service.language import SOURCE, current_language, gettext, marked
from service.registry.export import VOCABULARIES, cell_text
from service.registry.fields import FIELDS, REGISTRY_LABELS, Field
from service.registry.records import Conflict, Inspection, Item, Kind, Record, Service, Target

__all__ = ["MERGED_LABEL", "called", "label_of", "label_of_stored", "registry_label", "shown", "status_words", "title_of",
           "word_of"]  # fmt: skip

MERGED_LABEL: Final = marked("并入")  # what a merge changes in the row of an alias, in its history (service/registry/merging.py)


def registry_label(kind: Kind) -> str:
    """Return what a registry is called."""
    zh, en = REGISTRY_LABELS[kind]
    return zh if current_language() == SOURCE else en.removeprefix("the ").capitalize()


def label_of(field: Field) -> str:
    """Return what a column is called."""
    return field.label if current_language() == SOURCE else field.english.capitalize()


def label_of_stored(kind: Kind, label: str) -> str:
    """Return what a column is called that a history names by its Chinese label of that time."""
    if label == MERGED_LABEL:
        return gettext("并入")
    return next((label_of(field) for field in FIELDS[kind] if field.label == label), label)


def word_of(field: Field, word: str) -> str:
    """Return how a word of a field's vocabulary is shown; "" and unknown words as they are."""
    if current_language() == SOURCE:
        return VOCABULARIES[field.form].get(word, word)
    return word.replace("-", " ")


def status_words() -> dict[str, str]:
    """Return how each status of a target is called."""
    status = next(field for field in FIELDS["targets"] if field.name == "status")
    return {word: word_of(status, word) for word in VOCABULARIES[status.form]}


def shown(record: Record, field: Field) -> str:
    """Return a cell of a record as a page shows it: what people wrote stays as it is, words of a vocabulary are translated."""
    value = getattr(record, field.name)
    if field.form in VOCABULARIES:
        return word_of(field, str(value))
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    return cell_text(record, field)


def called(names: Mapping[str, str], code: str) -> str:
    """Return the name of a code, or that no registry has it."""
    return names.get(code) or gettext("（不在名录）")


def title_of(record: Record, names: Mapping[str, str]) -> tuple[str, str]:
    """Return who or what a record is, and its codes."""
    if isinstance(record, Conflict):
        who = {"person": called(names, record.person), "target": called(names, record.target)}
        return gettext("%(person)s 回避 %(target)s") % who, f"{record.person} {record.target}"
    if isinstance(record, Service):
        provider = called(names, record.provider) if record.provider_kind == "expert" else names.get(record.provider, record.provider)
        who = {"provider": provider, "target": called(names, record.target)}
        return gettext("%(provider)s 服务 %(target)s") % who, f"{record.provider} {record.target} {record.since}"
    if isinstance(record, Inspection):
        return f"{called(names, record.target)} {record.inspected_on}", record.target
    return record.name, record.id if isinstance(record, Target | Item) else record.number
