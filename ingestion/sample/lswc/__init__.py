"""The sample of London Social Work for Children: invented visits, jobs and followers, in the files that arrive."""

from ingestion.sample.lswc.writing import write_lswc

__all__ = ["write_lswc"]
