"""Analytics of London Social Work for Children: web, jobs and audience deliveries, from a file or an API to `raw`."""
