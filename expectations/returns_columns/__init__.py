"""Columns and frames made from a return's items, so that a rule across items is a simple expectation of one column.

One module a collection, with `COLUMNS` (by record, by name) and `FRAMES` (tables of other grains). Each says which
items it needs; where a period's specification lacks one, the rules that name it are left out.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from expectations.returns_columns.made import SHARED, Column, Frame


@cache
def columns_of(collection: str, record: str) -> Mapping[str, Column]:
    """The made columns of a record, by name."""
    module = _module(collection)
    own: Mapping[str, Column] = module.COLUMNS.get(record, {}) if module else {}
    return {**SHARED, **own}


@cache
def frames_of(collection: str) -> Mapping[str, Frame]:
    """The frames of other grains, by name."""
    module = _module(collection)
    made: Mapping[str, Frame] = module.FRAMES if module else {}
    return made


def _module(collection: str) -> ModuleType | None:
    name = f"{__name__}.{collection}"
    return import_module(name) if find_spec(name) else None
