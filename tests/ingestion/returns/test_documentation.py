"""The page on each return tells what its specification and its rules say now."""

from pathlib import Path

import pytest

from expectations.returns_rules import rules_for
from ingestion.returns.documentation import outdated_pages, page, write_pages
from ingestion.returns.specification import collections, known_periods, load_specification


def rows_of(text: str, item: str) -> list[list[str]]:
    """The cells of an item's rows in the tables of items."""
    lines = [line for line in text.splitlines() if line.startswith(f"| `{item}`") and line.count("|") == 6]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_committed_pages_are_what_the_specifications_give_now() -> None:
    assert outdated_pages() == [], "run `workforce document` and commit what it writes"


@pytest.mark.parametrize("collection", collections())
def test_every_item_code_and_rule_of_every_period_is_on_the_page(collection: str) -> None:
    text = page(collection)
    for period in known_periods(collection):
        specification = load_specification(collection, period)
        for record in specification.records:
            for item in record.items:
                assert any(item.meaning in cells[1] for cells in rows_of(text, item.label))
                assert all(f"| `{code}` | {meaning} |" in text for code, meaning in item.codes.items())
        for rule in rules_for(specification):
            assert f"| `{rule.code}`<br>{rule.severity} |" in text
            assert rule.fix in text


def test_the_page_says_from_and_until_when_an_item_is_asked_for() -> None:
    # Domain notes on the return, 2.5.
    text = page("csww_census")
    expected = {
        "GenderCurrent": "until 2023",
        "Sex": "from 2024",
        "QualInst": "until 2024",
        "CFKSSstatus": "until 2024",
        "BaseSalary": "from 2025",
        "RecruitmentBonus": "from 2025",
        "FTE": "all",
    }
    assert {item: rows_of(text, item)[0][4] for item in expected} == expected
    assert "(`LALevelVacancies`, later `LALevel`)" in text


def test_the_page_says_that_its_codes_are_not_dfes() -> None:
    for collection in collections():
        assert "none of them is a rule number of DfE's" in page(collection)


def test_a_page_that_is_out_of_date_is_found_and_written_again(tmp_path: Path) -> None:
    for collection in collections():
        (tmp_path / collection).mkdir()
    assert {path.parent.name for path in write_pages(tmp_path)} == set(collections())
    assert outdated_pages(tmp_path) == []
    old = tmp_path / "ep_workforce" / "README.md"
    old.write_text("an old page")
    assert outdated_pages(tmp_path) == [old]
    assert write_pages(tmp_path) == [old]
    assert old.read_text() == page("ep_workforce")
