"""A folder of sample files and its `SYNTHETIC.json`, by which whoever loads them can tell them from real ones.

The manifest lists a file's hash before the file is written, so that there is never a sample file it does not list.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path

MANIFEST = "SYNTHETIC.json"
NOTICE = "Invented figures about invented people, for trying the warehouse. Nothing here is about anyone."


class SampleError(Exception):
    """The sample cannot be made as asked; the message says why and what to do."""


class SampleFolder:
    """Writes sample files under one folder and keeps the manifest ahead of them.

    Args:
        folder: made when it is not there.
        names: every file that will be written, by its path below the folder.
        about: what else the manifest is to say: seed, scale.

    Raises:
        SampleError: a file of one of these names is there that the sample did not make.
    """

    def __init__(self, folder: Path, names: Collection[str], about: Mapping[str, object]) -> None:
        self.folder = folder
        self.about = {"synthetic": True, "notice": NOTICE, **about}
        earlier = _listed(self.manifest)
        in_the_way = [name for name in names if (folder / name).exists() and name not in earlier]
        if in_the_way:
            raise SampleError(
                f"{folder / in_the_way[0]} is there already and the sample did not make it. "
                "It is left as it is: choose another folder."
            )
        # Sample files of other names (of a version with other years) stay listed for as long as they are there.
        self.files = {name: sha256 for name, sha256 in earlier.items() if (folder / name).exists()}

    @property
    def manifest(self) -> Path:
        """Where the manifest stands."""
        return self.folder / MANIFEST

    def write(self, contents: Mapping[str, bytes]) -> list[Path]:
        """Write files, in place of earlier sample files of the same names; their paths.

        Raises:
            SampleError: the folder cannot be written to.
        """
        self.files |= {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.manifest.write_text(json.dumps({**self.about, "files": self.files}, indent=2) + "\n", encoding="utf-8")
            for name, content in contents.items():
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        except OSError as error:
            raise SampleError(f"The sample cannot be written to {self.folder}: {error.strerror or error}.") from None
        return [self.folder / name for name in contents]


def _listed(manifest: Path) -> dict[str, str]:
    """The files, with their hashes, that an earlier manifest says the sample made."""
    try:
        return dict(json.loads(manifest.read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
