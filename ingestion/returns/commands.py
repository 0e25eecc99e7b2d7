"""`workforce template` and `workforce document`: what authorities start from, and the pages on each return."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from ingestion.returns.senders import Sender
    from ingestion.returns.specification import Specification

app = typer.Typer()

WRONG_USAGE = 2


@app.command()
def template(
    collection: Annotated[str, typer.Argument(help="Which return, for example agency_quarterly.")],
    period: Annotated[str, typer.Argument(help="A year (2025) or a quarter of the financial year (2025/26-Q3).")],
    authority: Annotated[
        str | None, typer.Option(help="Whose: the code of ONS, DfE or LIIA. It is then filled in.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write; `-` for standard output.")] = None,
) -> None:
    """Make a blank return: a workbook with lists and notes to fill in, or a sample XML for the census.

    It goes to standard output when that is a file or a pipe, otherwise into a file here whose name says what it is.
    A file that is already there is never written over.
    """
    specification, sender = _asked_for(collection, period, authority)
    from ingestion.returns.templates import template as make
    from ingestion.returns.templates import template_name
    from ingestion.settings import Settings

    content = make(specification, sender, desk_email=Settings.load().environment.get("RETURNS_DESK_EMAIL") or None)
    if out == Path("-") or (out is None and not sys.stdout.isatty()):
        sys.stdout.buffer.write(content)
        return
    path = out or Path(template_name(specification, sender))
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        _end(f"{path} is there already and may hold somebody's work: move it, or give another name with --out.", 1)
    except OSError as error:
        _end(f"{path} cannot be written: {error.strerror}.", 1)
    typer.echo(f"{path} ({specification.title}, {specification.period.label})")


@app.command()
def document(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit code 1 when a page is out of date.")
    ] = False,
) -> None:
    """Write the page of each return (`ingestion/returns/<collection>/README.md`) from its specification and rules."""
    from ingestion.returns.documentation import outdated_pages, write_pages

    pages = outdated_pages() if check else write_pages()
    for page in pages:
        typer.echo(f"{page.parent.name}/{page.name}: {'out of date' if check else 'written'}")
    if not pages:
        typer.echo("Every page is up to date.")
    elif check:
        _end("Run `workforce document` and commit what it writes.", 1)


def _asked_for(collection: str, period: str, authority: str | None) -> "tuple[Specification, Sender | None]":
    """The specification and the sender a person means; ends with what there is where they mean nothing known."""
    from ingestion.returns.periods import PeriodError, parse_period
    from ingestion.returns.senders import find_sender
    from ingestion.returns.specification import SpecificationError, load_collection, load_specification

    try:
        described = load_collection(collection)
        specification = load_specification(collection, parse_period(period, described.frequency))
    except (PeriodError, SpecificationError) as error:
        _end(str(error), WRONG_USAGE)
    sender = None
    if authority is not None:
        sender = find_sender(authority)
        if sender is None:
            _end(f"No authority has the code '{authority}'. Known are codes like E09000007, 202 and CAM.", WRONG_USAGE)
    return specification, sender


def _end(message: str, code: int) -> NoReturn:
    typer.secho(message, err=True, fg=typer.colors.RED)
    raise typer.Exit(code)
