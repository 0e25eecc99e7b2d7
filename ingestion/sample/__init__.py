"""The synthetic sample: invented workers, and the files DfE would publish about them.

`generate` writes the files. The workers behind them, record by record, come from `build_workforce` in
`ingestion.sample.workforce`, which is not imported here because it needs pandas.
"""

from ingestion.sample.awkward_cases import AWKWARD_CASES, AwkwardCase, awkward_case
from ingestion.sample.generator import DEFAULT_SEED, generate
from ingestion.sample.manifest import MANIFEST, SampleError

__all__ = [
    "AWKWARD_CASES",
    "DEFAULT_SEED",
    "MANIFEST",
    "AwkwardCase",
    "SampleError",
    "awkward_case",
    "generate",
]
