"""Part of the test package: with it, tests/ingestion/returns can never be mistaken for ingestion/returns."""
