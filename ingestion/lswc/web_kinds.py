"""What an event or a page means on this site: the patterns of `web.yml`."""

import re
from collections.abc import Mapping, Sequence


def event_kind(name: str, kinds: Mapping[str, Sequence[str]]) -> str | None:
    """`job_view`, `apply_click` or `registration`; None for the events Google adds by itself."""
    return next((kind for kind, names in kinds.items() if name in names), None)


def page_kind(path: str, kinds: Mapping[str, str]) -> str | None:
    """What a page is by its path: the first pattern that fits."""
    return next((kind for kind, pattern in kinds.items() if re.search(pattern, path)), None)
