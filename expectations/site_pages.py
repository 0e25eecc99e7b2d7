"""The pages of Data Docs: small, without scripts, fonts or anything from another server.

Renderers pick what a page needs from a stored validation result; views write it as HTML. Great Expectations'
site builder calls both; import this only where it is wanted.
"""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from great_expectations.render.renderer.site_builder import SiteBuilder

from expectations.outcome import counted

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 76rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 2rem }
th, td { text-align: left; vertical-align: top; padding: .4rem .7rem .4rem 0; border-bottom: 1px solid #d0d0d0 }
th { color: #3d3d3d } td.number { text-align: right } a { color: #12436d }
td:first-child, td:nth-child(2) { white-space: nowrap }
.error, .failed { color: #801650; font-weight: 600 }
.query, .passed_with_queries { color: #8a3d0d; font-weight: 600 }
.passed { color: #17625a; font-weight: 600 }
"""

OUTCOMES = {"passed": "passed", "passed_with_queries": "passed with queries", "failed": "failed"}


class PlainSiteBuilder(SiteBuilder):  # type: ignore[misc, unused-ignore]
    """Great Expectations' site builder, without the four megabytes of pictures and fonts it copies."""

    def build(self, resource_identifiers: Any = None, build_index: bool = True) -> Any:
        """Write every page."""
        self.target_store.copy_static_assets = lambda *_: None  # type: ignore[method-assign]
        return super().build(resource_identifiers, build_index)


class ResultRenderer:
    """What one page says, from a stored result."""

    def render(self, result: Any) -> dict[str, Any]:
        """The gate's result, its findings and every rule with its count."""
        return {
            "gate": result.meta["gate"],
            "checked_at": result.meta["checked_at"],
            "findings": result.meta["findings"],
            "rules": [
                {
                    **each.expectation_config.meta,
                    "expectation": each.expectation_config.type,
                    "checked": each.result["element_count"],
                    "failing": each.result["unexpected_count"],
                }
                for each in result.results
                if each.expectation_config is not None
            ],
        }


class ResultView:
    """One subject's page."""

    def render(self, page: Mapping[str, Any], **_: Any) -> str:
        """The page as HTML."""
        gate = page["gate"]
        findings = _table(
            ("", "Rule", "Field", "Places", "What is wrong", "What to do", "Who"),
            (
                (_mark(f["severity"]), f["rule_code"], f["field"], f["occurrences"], f["message"], f["fix"], f["owner"])
                for f in page["findings"]
            ),
        )
        rules = _table(
            ("Rule", "Field", "What would be wrong", "Rows looked at in this run", "Rows failing", "Source"),
            (
                (r["code"], r["field"], r["message"], r["checked"], _count(r["failing"], r["severity"]), r["source"])
                for r in page["rules"]
            ),
        )
        return _document(
            gate["subject"],
            f"<p>{gate['gate'].capitalize()} gate, {escape(page['checked_at'])}: {_outcome(gate['outcome'])}, "
            f"{counted(gate['errors'], gate['queries'])}.</p>"
            f"<h2>Findings</h2>{findings if page['findings'] else '<p>None.</p>'}"
            f"<h2>Every rule that was asked</h2>{rules}"
            # From validations/<subject>/<outcome>/<time>/ back to the first page.
            '<p><a href="../../../../index.html">All gates</a></p>',
        )


class IndexRenderer:
    """What the first page says, from the site builder's list of pages."""

    def render(self, index: Mapping[str, Any]) -> list[dict[str, Any]]:
        """One entry a page."""
        return [
            {
                "subject": link["batch_identifier"],
                "link": link["filepath"],
                "outcome": link["run_id"].run_name,
                "checked": f"{link['run_time']:%d %B %Y %H:%M}",
            }
            for link in index.get("validations_links", [])
        ]


class IndexView:
    """The first page."""

    def render(self, pages: Iterable[Mapping[str, Any]], **_: Any) -> str:
        """The page as HTML."""
        rows = "".join(
            f'<tr><td><a href="{escape(page["link"])}">{escape(page["subject"])}</a></td>'
            f"<td>{_outcome(page['outcome'])}</td><td>{page['checked']}</td></tr>"
            for page in pages
        )
        return _document(
            "Quality gates of the workforce warehouse",
            "<p>What each gate said the last time it ran. Errors stop a release or a publication; "
            "queries need a look.</p>"
            f"<table><tr><th>Checked</th><th>Outcome</th><th>When (UTC)</th></tr>{rows}</table>",
        )


def _document(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def _table(headings: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = "".join(f"<th>{escape(heading)}</th>" for heading in headings)
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


class _Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return f'<td class="number">{value:,}</td>'
    return f"<td>{value if isinstance(value, _Markup) else escape(str(value or ''))}</td>"


def _count(failing: int, severity: str) -> int | _Markup:
    return _Markup(f'<span class="{severity}">{failing:,}</span>') if failing else failing


def _mark(severity: str) -> _Markup:
    return _Markup(f'<span class="{severity}">{severity}</span>')


def _outcome(outcome: str) -> str:
    return f'<span class="{escape(outcome)}">{escape(OUTCOMES.get(outcome, outcome))}</span>'
