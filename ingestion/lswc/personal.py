"""The door: a file about single people is turned away before anything else is done with it.

London Social Work for Children holds registrations on consent, for purposes that do not include this warehouse. Only
counts may come in. A file that is turned away here is not copied, not quarantined, and nothing of it is written down,
its name included.
"""

import re
from collections.abc import Iterable, Sequence

from ingestion.lswc.headings import MOST_ROWS_ABOVE
from ingestion.lswc.reading import Problem, Unreadable
from ingestion.lswc.specification import normalised
from ingestion.lswc.values import Cell

E_MAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[A-Za-z]{2,}")
UK_PHONE = re.compile(r"(?<![\d.,])(?:\+44\s?|\(?0)(?:\d[\s()-]?){9,10}(?![\d.,])")

# Headings of columns about a single person, and of the characteristics that may not be analysed either.
ABOUT_A_PERSON = frozenset(
    {
        "name", "full name", "first name", "firstname", "forename", "given name", "last name", "lastname", "surname",
        "family name", "email", "e mail", "email address", "e mail address", "phone", "phone number", "telephone",
        "telephone number", "mobile", "mobile number", "address", "postcode", "post code", "date of birth", "dob",
        "birth date", "age", "age group", "age band", "gender", "sex", "ethnicity", "ethnic group", "religion",
        "disability", "nationality", "user id", "userid", "user name", "username", "member id", "membership number",
        "registration id", "password", "ip address", "swe number", "social work england number",
        "registration number", "candidate", "candidate name", "applicant", "applicant name",
    }
)  # fmt: skip

PERSONAL_DATA = Problem(
    code="LSW-002",
    message="The file is about single people (names, contact details or characteristics). It was turned away and "
    "nothing of it was kept",
    fix="Send counts by month only, and delete copies of this file that are not needed where it came from.",
)


def turn_away_people(rows: Iterable[Sequence[Cell]], *, look_for_phones: bool = False) -> None:
    """Go through every row of a sheet, headings included.

    Args:
        rows: all cells, as read.
        look_for_phones: also turn away what looks like a telephone number; a reference of a job may look like one.

    Raises:
        Unreadable: the rows are about single people; nothing of them may be kept.
    """
    for number, row in enumerate(rows):
        for cell in row:
            if not isinstance(cell, str):
                continue
            if (
                (number < MOST_ROWS_ABOVE and normalised(cell) in ABOUT_A_PERSON)
                or E_MAIL.search(cell)
                or (look_for_phones and UK_PHONE.search(cell))
            ):
                raise Unreadable(PERSONAL_DATA, may_be_kept=False)
