"""Part of the test package: with it, tests/ingestion/lswc can never be mistaken for ingestion.lswc."""
