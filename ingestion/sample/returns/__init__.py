"""The sample's returns: what 33 London authorities would send about the invented workers, as files ready to land."""

from ingestion.sample.returns.writing import write_returns

__all__ = ["write_returns"]
