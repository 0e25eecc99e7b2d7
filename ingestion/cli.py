"""The `workforce` command: load data, make the sample, build and publish the marts, see where things stand.

Imports of heavy packages stay inside the commands, so that `workforce --help` answers at once.
"""

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, cast

import typer

from ingestion.returns.commands import app as returns_commands
from ingestion.settings import Settings, SettingsError

if TYPE_CHECKING:
    from rich.console import Console

    from ingestion.returns.findings import Outcome

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The London children's workforce data warehouse, from the command line.\n\n"
    "Everything here also happens by itself under Airflow; these commands are for a look, a repair or a test.",
)


class Collection(StrEnum):
    """Collections that `load` takes."""

    dfe_census_statistics = "dfe_census_statistics"
    lswc_web = "lswc_web"
    lswc_jobs = "lswc_jobs"
    lswc_audience = "lswc_audience"


class Format(StrEnum):
    """How an answer is written."""

    text = "text"
    json = "json"


WRONG_USAGE = 2
# Exit codes of `check` and `submit`; several returns at once give the worst of theirs.
EXIT_CODES = {"accepted": 0, "accepted_with_queries": 3, "rejected": 4}

Files = Annotated[
    list[Path],
    typer.Argument(
        help="The return: one file, or its CSV files together. Other files are a return each.",
        exists=True,
        dir_okay=False,
    ),
]
CollectionOption = Annotated[
    str | None, typer.Option("--collection", help="Which return: agency_quarterly, csww_census, ep_workforce, …")
]
AuthorityOption = Annotated[
    str | None, typer.Option("--authority", help="Whose: ONS, DfE or LIIA code (E09000007, 202, CAM; joint 314-318).")
]
PeriodOption = Annotated[str | None, typer.Option("--period", help="For when: 2024, or 2025/26-Q3.")]
FormatOption = Annotated[Format, typer.Option("--format", help="Text to read, or JSON for programs.")]


def fail(message: str, code: int = 1) -> NoReturn:
    """End with a reason a person can act on, on standard error."""
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


@app.command()
def load(
    collection: Annotated[Collection, typer.Argument(help="What the files are.")],
    path: Annotated[Path, typer.Argument(help="A file, or a folder of them.")],
) -> None:
    """Load published files or analytics without Airflow: read, check, load whole or not at all, record in the ledger.

    Loading the same bytes again changes nothing. Exit code 1 and the reason on standard error when a file is
    refused; nothing of it is loaded. The marts change with the next `workforce build`.
    """
    from rich.console import Console

    from ingestion.sources import SourceError
    from ingestion.sources.files import FileSource
    from ingestion.statistics.intake import load_source

    settings = Settings.load()
    console = Console(soft_wrap=True, highlight=False)
    if collection is not Collection.dfe_census_statistics:
        _load_analytics(settings, collection, path, console)
        return
    refused: list[str] = []
    passed_over: list[str] = []
    taken = 0
    try:
        with settings.connect("loader") as connection, console.status("Reading") as status:
            for result in load_source(
                connection, FileSource(path), settings.quarantine, lambda name: status.update(f"Loading {name}")
            ):
                if result.outcome == "refused":
                    refused.append(result.reason or "")
                elif result.outcome == "other_file":
                    passed_over.append(result.reason or "")
                else:
                    taken += 1
                    what = f"{result.rows:,} rows" if result.outcome == "loaded" else "already loaded, nothing changed"
                    console.print(
                        f"{result.file_name}: {result.layout}, census years to {result.publication_year}, {what}"
                    )
                    for column in result.unknown_columns:
                        console.print(
                            f"  column '{column}' is not known here: kept beside each row, not used in any mart"
                        )
        if taken:
            refused += _check_waiting(settings, console)
    except (SourceError, SettingsError) as error:
        fail(str(error))
    if passed_over and (path.is_file() or not taken):
        refused += passed_over
    else:
        for reason in passed_over:
            console.print(f"passed over: {reason}")
    if refused:
        fail("\n".join(refused))


def _load_analytics(settings: Settings, collection: Collection, path: Path, console: "Console") -> None:
    """Load deliveries of London Social Work for Children; what was refused ends the command with exit code 1."""
    from ingestion.lswc.intake import described, load_path
    from ingestion.lswc.specification import Collection as AnalyticsCollection
    from ingestion.sources import SourceError

    try:
        with console.status("Reading") as status:
            results = load_path(settings, cast(AnalyticsCollection, collection.value), path, say=status.update)
    except (SourceError, SettingsError) as error:
        fail(str(error))
    lines = described(results)
    for is_refused, line in lines:
        if not is_refused:
            console.print(line, markup=False)
    refused = [line for is_refused, line in lines if is_refused]
    if refused:
        fail("\n".join(refused))


def _check_waiting(settings: Settings, console: "object") -> list[str]:
    """Run the release gate on everything that waits for it; the reasons of what it refused."""
    with settings.connect("loader") as connection:
        waiting = connection.execute("select count(*) from ledger.releases where status = 'received'").fetchone()
    if waiting is None or waiting[0] == 0:
        return []
    from rich.console import Console

    assert isinstance(console, Console)
    with console.status("Checking the figures (Great Expectations)"):
        from expectations.release_gate import check_releases

        results = check_releases(settings)
    for result in results:
        if result.outcome != "failed":
            console.print(f"{result.subject}: accepted" + (f", {result.queries} queries" if result.queries else ""))
    return [f"{result.subject}: {result.reason}" for result in results if result.outcome == "failed"]


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(help="Where to write the files; made when it is not there.")],
    scale: Annotated[float, typer.Option(help="How many times as many workers as usual.", min=0.1, max=100)] = 1.0,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same bytes; there is a usual one.")] = None,
    returns: Annotated[bool, typer.Option("--returns", help="Write the returns too, in returns/.")] = False,
    lswc: Annotated[bool, typer.Option("--lswc", help="Write the jobs site's analytics too, in lswc/.")] = False,
) -> None:
    """Make the synthetic sample: files in DfE's exact formats about people who do not exist.

    With --returns also what 33 authorities would send about them, laid out like the landing area. With --lswc what
    London Social Work for Children would deliver: web, jobs and audience since July 2023.
    """
    from rich.console import Console

    from ingestion.sample import DEFAULT_SEED, SampleError, generate

    console = Console(soft_wrap=True, highlight=False)
    chosen = DEFAULT_SEED if seed is None else seed
    sent: list[Path] = []
    delivered: list[Path] = []
    try:
        with console.status("Inventing workers") as status:
            files = generate(folder, seed=chosen, scale=scale, progress=status.update)
            if returns:
                from ingestion.sample.returns import write_returns

                sent = write_returns(folder / "returns", seed=chosen, scale=scale, progress=status.update)
            if lswc:
                from ingestion.sample.lswc import write_lswc

                delivered = write_lswc(folder / "lswc", seed=chosen, progress=status.update)
    except SampleError as error:
        fail(str(error))
    for file in files:
        console.print(f"{file} ({file.stat().st_size / 1e6:.1f} MB)")
    for name, written in (("returns", sent), ("lswc", delivered)):
        if written:
            size = sum(file.stat().st_size for file in written) / 1e6
            console.print(f"{folder / name}: {len(written) - 1} files and their manifest ({size:.1f} MB)")


@app.command()
def check(
    files: Files,
    collection: CollectionOption = None,
    authority: AuthorityOption = None,
    period: PeriodOption = None,
    format: FormatOption = Format.text,
) -> None:
    """Check a return without sending it: what is wrong, where, and what to do. Nothing is written anywhere.

    Whose return it is comes from the options, else from the folders above the file (collection/period/authority), else
    from the file itself.

    Exit code 0 accepted, 3 accepted with queries, 4 rejected, 2 wrong usage.

    Example: workforce check return.xlsx --collection agency_quarterly --authority CAM --period 2025/26-Q3
    """
    _answer(files, collection, authority, period, format, settings=None)


@app.command()
def submit(
    files: Files,
    collection: CollectionOption = None,
    authority: AuthorityOption = None,
    period: PeriodOption = None,
    format: FormatOption = Format.text,
) -> None:
    """Send a return as if it had landed: keep it, check it, load or reject it, and print the receipt.

    The receipt is also written into the return's folder of the landing area. Sending the same bytes again changes
    nothing. Whose return it is: as for `check`. Exit codes: as for `check`, and 1 when the desk is out of order.

    Example: workforce submit landing/csww_census/2024/202/census.xml
    """
    _answer(files, collection, authority, period, format, settings=Settings.load())


def _answer(
    files: Sequence[Path],
    collection: str | None,
    authority: str | None,
    period: str | None,
    format: Format,
    settings: Settings | None,
) -> None:
    """Check the returns, or send them where settings are given; print what came of each and end with the exit code."""
    from rich.console import Console

    from ingestion.returns.identity import Identity, IdentityError, identity_from_options
    from ingestion.returns.store import StoreError

    try:
        # What is plainly wrong is said before anything heavy is loaded.
        identity_from_options(collection, authority, period if collection else None, otherwise=Identity())
        with Console(stderr=True).status("Starting") as status:
            outcomes = [
                _outcome(one, collection, authority, period, settings, status.update) for one in _returns_in(files)
            ]
    except IdentityError as error:
        fail(str(error), WRONG_USAGE)
    except OSError as error:
        fail(f"{error.filename} cannot be read: {error.strerror}.", WRONG_USAGE)
    except (SettingsError, StoreError) as error:
        fail(str(error))
    _print_outcomes(outcomes, format)
    raise typer.Exit(max(EXIT_CODES[outcome.status] for outcome in outcomes))


def _outcome(
    files: Sequence[Path],
    collection: str | None,
    authority: str | None,
    period: str | None,
    settings: Settings | None,
    progress: Callable[[str], None],
) -> "Outcome":
    from ingestion.returns import desk
    from ingestion.returns.landing import landing_area

    progress(f"Checking {files[0].name}")
    if settings is None:
        return desk.check_files(files, collection, authority, period)
    return desk.submit(settings, landing_area(settings), files, collection, authority, period, progress)


def _returns_in(files: Sequence[Path]) -> list[list[Path]]:
    """The CSV files of one folder are one return; every other file is one."""
    tables: dict[Path, list[Path]] = {}
    for file in files:
        if file.suffix.lower() == ".csv":
            tables.setdefault(file.resolve().parent, []).append(file)
    return [[file] for file in files if file.suffix.lower() != ".csv"] + list(tables.values())


def _print_outcomes(outcomes: "Sequence[Outcome]", format: Format) -> None:
    import json

    from rich.console import Console

    if format is Format.json:
        from ingestion.returns.receipts import receipt_json

        answers = [receipt_json(outcome) for outcome in outcomes]
        typer.echo(json.dumps(answers[0] if len(answers) == 1 else answers, indent=2, ensure_ascii=False))
        return
    from ingestion.returns.on_screen import print_outcome

    console = Console(highlight=False)
    for number, outcome in enumerate(outcomes):
        if number:
            console.print()
        print_outcome(console, outcome)


@app.command()
def recheck(
    collection: CollectionOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Check every return that was ever received again, with today's rules and specifications, without its sender.

    What was rejected may be accepted now, and the other way round; which version counts is worked out anew, and the
    receipts in the landing area follow. The marts change with the next `workforce build`.

    Example: workforce recheck --collection csww_census --dry-run
    """
    from rich.console import Console

    from ingestion.returns.identity import Identity, IdentityError, identity_from_options
    from ingestion.returns.store import StoreError

    console = Console(soft_wrap=True, highlight=False)
    try:
        identity_from_options(collection, None, None, otherwise=Identity())
        settings = Settings.load()
        with Console(stderr=True).status("Starting") as status:
            from ingestion.returns import desk
            from ingestion.returns.landing import landing_area

            changed = desk.recheck(
                settings, landing_area(settings), collection, dry_run=dry_run, progress=status.update
            )
    except IdentityError as error:
        fail(str(error), WRONG_USAGE)
    except (SettingsError, StoreError) as error:
        fail(str(error))
    for outcome in changed:
        whose = f"{outcome.collection or 'unknown'}, {outcome.authority_name or 'unknown authority'}"
        console.print(
            f"{whose}, {outcome.period_label or 'unknown period'}, version {outcome.version}: "
            f"{'would be' if dry_run else 'is now'} {outcome.status.replace('_', ' ')} "
            f"({outcome.errors} errors, {outcome.queries} queries)"
        )
    if not changed:
        console.print("Nothing changes." if dry_run else "Nothing has changed.")


@app.command()
def bulletin(
    month: Annotated[str, typer.Argument(help="The month, as 2026-10.")],
    out: Annotated[Path | None, typer.Option(help="Where to write; the stack's own folder if not given.")] = None,
    authority: Annotated[str | None, typer.Option(help="One authority only: ONS, DfE or LIIA code.")] = None,
    send: Annotated[bool, typer.Option("--send", help="Send them, too; those sent before are not sent again.")] = False,
    again: Annotated[bool, typer.Option("--again", help="With --send: also those sent before.")] = False,
) -> None:
    """Write the monthly bulletin of London Social Work for Children: one e-mail an authority, as files.

    Each is an e-mail (.eml), a page (.html) and a text (.txt). Nothing is sent without --send, which keeps the files in
    the stack's folder, writes to the addresses of the file of contacts (collection monthly_bulletin, or blank), and
    notes what was sent in the ledger.

    Example: workforce bulletin 2026-10 --out bulletins
    """
    from rich.console import Console

    from ingestion.lswc import bulletin_sending as sending
    from ingestion.lswc.bulletin import authorities, bulletins, find_authority, parse_month, write
    from ingestion.lswc.bulletin_reading import BulletinError
    from ingestion.mailing import MailError

    if (send and out) or (again and not send):
        fail("Give --out to write files, or --send (and --again) to send the bulletins.", WRONG_USAGE)
    try:
        first_day, wanted = parse_month(month), [find_authority(authority)] if authority else authorities()
    except BulletinError as error:
        fail(str(error), WRONG_USAGE)
    console = Console(soft_wrap=True, highlight=False)
    try:
        settings = Settings.load()
        with console.status("Reading the marts") as status:
            if send:
                outcomes = sending.send(settings, first_day, wanted, again=again)
            else:
                folder = out or sending.folder_of(settings, first_day)
                made = bulletins(settings, first_day, wanted, status.update)
                files = [file for each in made for file in write(each, folder)]
    except (BulletinError, MailError, SettingsError) as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename} cannot be written: {error.strerror}.")
    if send:
        for name, outcome in outcomes.items():
            console.print(f"{name}: {sending.WORDS[outcome]}")
    else:
        console.print(f"{len(files)} files of {len(wanted)} bulletins in {folder}; nothing was sent.")


@app.command()
def build() -> None:
    """Run dbt, the mart gate and the publication by hand, then refresh the dashboards if they are up."""
    from ingestion.build import BuildFailed, build_and_publish

    try:
        build_and_publish(Settings.load())
    except (BuildFailed, SettingsError) as error:
        fail(str(error))


@app.command()
def status() -> None:
    """Show what has been received, what is current, what the gates said and what is published."""
    from ingestion.status import print_status

    try:
        print_status(Settings.load())
    except SettingsError as error:
        fail(str(error))


# `template` and `document` stand beside what they make.
app.add_typer(returns_commands)

if __name__ == "__main__":
    app()
