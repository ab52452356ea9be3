"""The daemon's HTTP interface over a Unix socket: `GET /v1/openapi.json` describes it."""
