"""Data Docs: what each gate last said, as plain pages in `<home>/data_docs`.

Great Expectations stores the results and builds the site; the pages themselves are ours (`site_pages`), because
its own draw on half a dozen other people's servers. One page a release and one for the marts, each replaced by
its subject's next run.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from expectations import checking
from expectations.checking import Answer
from expectations.outcome import Finding, GateResult
from ingestion.settings import Settings

SITE = "data_docs"


@dataclass(frozen=True)
class GatePage:
    """One page: a gate's result on one subject.

    `key` stays the same for a subject's next run, `title` is shown in the list of pages; both stand in paths.
    """

    key: str
    title: str
    result: GateResult
    answers: Sequence[Answer]
    findings: Sequence[Finding]


def data_docs_folder(settings: Settings) -> Path:
    """Where Data Docs stand; `index.html` is the first page."""
    return settings.home / SITE


def publish_pages(settings: Settings, pages: Sequence[GatePage]) -> Path:
    """Store these results in place of their subjects' earlier ones, build the site and return its first page."""
    checking.great_expectations()
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.data_context.types.resource_identifiers import (
        ExpectationSuiteIdentifier,
        ValidationResultIdentifier,
    )

    context = _context(settings)
    store = context.validation_results_store
    replaced = {page.key for page in pages}
    for key in store.list_keys():
        if key.expectation_suite_identifier.name in replaced:
            store.remove_key(key)
    for page in pages:
        key = ValidationResultIdentifier(
            ExpectationSuiteIdentifier(page.key),
            RunIdentifier(run_name=page.result.outcome, run_time=datetime.now(UTC)),
            re.sub(r"[^\w -]", "_", page.title),
        )
        store.set(key, _validation_result(page))
    context.build_data_docs(site_names=[SITE])
    return data_docs_folder(settings) / "index.html"


def _context(settings: Settings) -> Any:
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    defaults = InMemoryStoreBackendDefaults()
    assert defaults.validation_results_store_name is not None, "the in-memory defaults name their stores"
    defaults.stores[defaults.validation_results_store_name] = {
        "class_name": "ValidationResultsStore",
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(settings.home.resolve() / "gx" / "validations"),
        },
    }
    defaults.data_docs_sites = {
        SITE: {
            "module_name": "expectations.site_pages",
            "class_name": "PlainSiteBuilder",
            "site_name": "Quality gates of the workforce warehouse",
            "show_how_to_buttons": False,
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(data_docs_folder(settings).resolve()),
            },
            "site_section_builders": {
                "expectations": "None",
                "profiling": "None",
                "validations": {
                    "class_name": "DefaultSiteSectionBuilder",
                    "source_store_name": defaults.validation_results_store_name,
                    "renderer": {"module_name": "expectations.site_pages", "class_name": "ResultRenderer"},
                    "view": {"module_name": "expectations.site_pages", "class_name": "ResultView"},
                },
            },
            "site_index_builder": {
                "class_name": "DefaultSiteIndexBuilder",
                "renderer": {"module_name": "expectations.site_pages", "class_name": "IndexRenderer"},
                "view": {"module_name": "expectations.site_pages", "class_name": "IndexView"},
            },
        }
    }
    config = DataContextConfig(
        store_backend_defaults=defaults, progress_bars=ProgressBarsConfig(globally=False), analytics_enabled=False
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _validation_result(page: GatePage) -> Any:
    """The run as Great Expectations keeps it: a verdict per expectation, without its lists of rows."""
    from great_expectations.core.expectation_validation_result import (
        ExpectationSuiteValidationResult,
        ExpectationValidationResult,
    )
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

    results = []
    for answer in page.answers:
        rule = answer.question.rule
        results.append(
            ExpectationValidationResult(
                success=not answer.failing,
                expectation_config=ExpectationConfiguration(
                    type=_snake_case(rule.expectation),
                    kwargs=dict(answer.question.kwargs),
                    meta={
                        "code": rule.code,
                        "severity": rule.severity,
                        "field": answer.question.field,
                        "message": rule.message.replace(" ({group})", ""),
                        "source": rule.source,
                    },
                ),
                result={"element_count": answer.rows_checked, "unexpected_count": len(answer.failing)},
                exception_info={"raised_exception": False, "exception_message": None, "exception_traceback": None},
            )
        )
    failed = sum(not result.success for result in results)
    return ExpectationSuiteValidationResult(
        success=page.result.outcome != "failed",
        results=results,
        suite_name=page.key,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": len(results) - failed,
            "unsuccessful_expectations": failed,
            "success_percent": 100.0 * (len(results) - failed) / len(results) if results else None,
        },
        meta={
            "gate": asdict(page.result),
            "checked_at": f"{datetime.now(UTC):%d %B %Y %H:%M} UTC",
            "findings": [asdict(finding) for finding in page.findings],
        },
    )


def _snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
