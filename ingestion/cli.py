"""The `workforce` command: load data, make the sample, build and publish the marts, see where things stand.

Imports of heavy packages stay inside the commands, so that `workforce --help` answers at once.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ingestion.settings import Settings, SettingsError

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


def fail(message: str) -> None:
    """End with a reason a person can act on, on standard error, exit code 1."""
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(1)


@app.command()
def load(
    collection: Annotated[Collection, typer.Argument(help="What the files are.")],
    path: Annotated[Path, typer.Argument(help="A CSV or ZIP file, or a folder of them.")],
) -> None:
    """Load published files without Airflow: read, load whole or not at all, check, and record in the ledger.

    Loading the same bytes again changes nothing. Exit code 1 and the reason on standard error when a file is
    refused; nothing of it is loaded. The marts change with the next `workforce build`.
    """
    from rich.console import Console

    from ingestion.sources import SourceError
    from ingestion.sources.files import FileSource
    from ingestion.statistics.intake import load_source

    settings = Settings.load()
    console = Console(soft_wrap=True, highlight=False)
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
) -> None:
    """Make the synthetic sample: files in DfE's exact formats about people who do not exist."""
    from rich.console import Console

    from ingestion.sample import DEFAULT_SEED, SampleError, generate

    console = Console(soft_wrap=True, highlight=False)
    try:
        with console.status("Inventing workers") as status:
            files = generate(folder, seed=DEFAULT_SEED if seed is None else seed, scale=scale, progress=status.update)
    except SampleError as error:
        fail(str(error))
    for file in files:
        console.print(f"{file} ({file.stat().st_size / 1e6:.1f} MB)")


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


if __name__ == "__main__":
    app()
