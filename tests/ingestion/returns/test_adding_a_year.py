"""Adding a census year by the page that says how: its own example and its own commands, in a copy of the project."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from infra.database.setup import ROLES
from infra.local.postgres import EmbeddedPostgres
from ingestion.returns.periods import census_year
from ingestion.returns.specification import load_specification
from ingestion.settings import ROOT, Settings

PAGE = ROOT / "ingestion" / "returns" / "README.md"
COPIED = ("ingestion", "expectations", "infra", "dags", "dbt_project/seeds")

pytestmark = pytest.mark.usefixtures("year_added")


def of_the_page(language: str) -> str:
    """The one block of this language in the section on adding a census year, without its indentation."""
    section = PAGE.read_text(encoding="utf-8").split("## Adding a census year")[1].split("\n## ")[0]
    blocks = re.findall(rf"^   ```{language}\n(.*?)^   ```$", section, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 1
    return "\n".join(line.removeprefix("   ") for line in blocks[0].splitlines()) + "\n"


EXAMPLE = yaml.safe_load(of_the_page("yaml"))
[(ADDED, ITEM)] = EXAMPLE["records"]["worker"]["add"].items()
[REMOVED] = EXAMPLE["records"]["worker"]["remove"]
DROPPED = load_specification("csww_census", census_year(2025)).record("worker").item(REMOVED).label


@dataclass(frozen=True)
class Copy:
    """A copy of the project in which `workforce` is its own."""

    root: Path
    settings: Settings

    def run(self, *command: str, told: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy, as somebody who works there."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("WAREHOUSE_", "SMTP_"))},
            **self.settings.environment,
            "PYTHONPATH": str(self.root),
            "PATH": f"{self.root / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            input=told,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def workforce(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("workforce", *arguments)

    def ask(self, query: str) -> list[tuple[object, ...]]:
        with self.settings.connect("loader") as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def copy(new_warehouse: Callable[[str], Settings], tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The project as it is today, with a warehouse it has set up."""
    root = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    command = root / "bin" / "workforce"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m ingestion.cli "$@"\n')
    command.chmod(0o755)
    return Copy(root, new_warehouse("year"))


@pytest.fixture(scope="module")
def year_added(copy: Copy) -> str:
    """Steps 2 and 3 of the page, as they stand there; what its commands said."""
    assert copy.workforce("template", "csww_census", "2026").returncode == 2
    (copy.root / "ingestion/returns/csww_census/2026.yml").write_text(of_the_page("yaml"))
    assert copy.workforce("document", "--check").returncode == 1
    result = copy.run("sh", "-e", told=of_the_page("sh"))
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_the_copy_is_what_runs(copy: Copy) -> None:
    found = copy.run(
        sys.executable, "-c", "import ingestion, expectations; print(ingestion.__file__, expectations.__file__)"
    )
    assert found.stdout.count(str(copy.root)) == 2


def test_the_sample_has_the_new_item_and_not_the_old_one_and_is_accepted(copy: Copy, year_added: str) -> None:
    sample = (copy.root / "sample.xml").read_text()
    assert sample.count(f"<{ITEM['element']}>{ITEM['example']}</{ITEM['element']}>") == 3
    assert f"<{DROPPED}>" not in sample
    assert "ACCEPTED" in year_added


def test_the_page_of_the_return_shows_both(copy: Copy) -> None:
    page = (copy.root / "ingestion/returns/csww_census/README.md").read_text()
    assert re.search(rf"`{ITEM['element']}`<br>`{ADDED}`.*\| from 2026 \|", page)
    assert re.search(rf"<br>`{REMOVED}`.*\| until 2025 \|", page)
    assert f"- **2026**: {EXAMPLE['change']}" in page
    assert copy.workforce("document", "--check").returncode == 0


def test_a_wrong_code_in_the_new_item_and_the_dropped_item_are_findings(copy: Copy) -> None:
    lines = (copy.root / "sample.xml").read_text().splitlines()
    place = next(number for number, line in enumerate(lines) if ITEM["element"] in line)
    lines[place] = f"<{ITEM['element']}>77</{ITEM['element']}><{DROPPED}>1</{DROPPED}>"
    (copy.root / "wrong.xml").write_text("\n".join(lines))
    result = copy.workforce("check", "wrong.xml", "--format", "json")
    assert result.returncode == 4, result.stdout + result.stderr
    findings = json.loads(result.stdout)["findings"]
    by_code = {finding["rule_code"]: finding for finding in findings}
    assert by_code.keys() == {"CSWW-STRUCT-2", "RET-109"}
    assert {finding["severity"] for finding in findings} == {"error"}
    assert by_code["CSWW-STRUCT-2"]["field"] == ITEM["element"]
    assert DROPPED in by_code["RET-109"]["message"]
    # Each names the line of the item, or of the worker's record a few lines above.
    assert all(place - 5 < finding["row"] <= place + 1 for finding in findings)


def test_the_raw_table_gains_the_column_at_the_next_start_and_a_return_fills_it(
    copy: Copy, postgres: EmbeddedPostgres
) -> None:
    columns = (
        "select count(*) from information_schema.columns where table_schema = 'raw' "
        f"and table_name = 'csww_census__worker' and column_name = '{ADDED}'"
    )
    assert copy.ask(columns) == [(0,)]
    start = {
        "admin": postgres.admin_arguments,
        "database": copy.settings.get("WAREHOUSE_DATABASE"),
        "passwords": {role: copy.settings.get(f"WAREHOUSE_{role.upper()}_PASSWORD") for role in ROLES},
    }
    set_up = (
        "import json, sys; from infra.database.setup import set_up_warehouse; given = json.load(sys.stdin); "
        "set_up_warehouse(given['admin'], given['database'], given['passwords'])"
    )
    result = copy.run(sys.executable, "-c", set_up, told=json.dumps(start))
    assert result.returncode == 0, result.stderr
    assert copy.ask(columns) == [(1,)]

    sent = copy.workforce("submit", "sample.xml")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    assert copy.ask(f"select {ADDED}, {REMOVED} from raw.csww_census__worker") == [(ITEM["example"], None)] * 3
