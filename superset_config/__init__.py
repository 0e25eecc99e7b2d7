"""Superset for the London children's workforce warehouse: configuration, access and dashboards as code."""
