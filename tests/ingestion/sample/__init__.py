"""Part of the test package: with it, tests/ingestion can never be mistaken for ingestion."""
