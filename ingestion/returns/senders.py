"""Who sends returns: the 33 authorities, and Kingston and Richmond together where they return as one.

The list is the reference seed of dbt (`dbt_project/seeds/reference/authorities.csv`), which has it once for everyone.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache

from ingestion.settings import ROOT

AUTHORITIES = ROOT / "dbt_project" / "seeds" / "reference" / "authorities.csv"


@dataclass(frozen=True)
class Sender:
    """One authority, or several that return as one.

    `code` is ONS's code (`E09000007`), or the joint reporting unit's (`E09000021 / E09000027`); `dfe_codes` are the DfE
    numbers a file of theirs may bear.
    """

    code: str
    name: str
    dfe_codes: tuple[str, ...]
    liia_codes: tuple[str, ...]
    unit_code: str

    @property
    def is_joint(self) -> bool:
        """Whether several authorities send as one."""
        return len(self.dfe_codes) > 1

    @property
    def folder(self) -> str:
        """The code as a folder of the landing area: `E09000007`, `E09000021-E09000027`."""
        return self.code.replace(" / ", "-")


@cache
def senders() -> tuple[Sender, ...]:
    """Every sender: authorities in the order of their codes, joint ones last."""
    with AUTHORITIES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    single = [
        Sender(row["authority_code"], row["authority_name"], (row["dfe_code"],), (row["liia_code"],), row["unit_code"])
        for row in rows
    ]
    joint = []
    for unit in dict.fromkeys(row["unit_code"] for row in rows):
        members = [sender for sender in single if sender.unit_code == unit]
        if len(members) > 1:
            joint.append(
                Sender(
                    unit,
                    " and ".join(member.name for member in members),
                    tuple(member.dfe_codes[0] for member in members),
                    tuple(member.liia_codes[0] for member in members),
                    unit,
                )
            )
    return (*single, *joint)


def find_sender(text: str) -> Sender | None:
    """The sender a person means by a code: ONS's, DfE's or LIIA's; a joint one by both (`314-318`, `KUT+RUT`)."""
    parts = tuple(part for part in re.split(r"[\s/+&_-]+", text.strip().upper()) if part)
    for sender in senders():
        codes = (tuple(sender.code.split(" / ")), sender.dfe_codes, sender.liia_codes)
        if any(sorted(parts) == sorted(known) for known in codes):
            return sender
    return None
