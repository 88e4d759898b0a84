"""The printed OpenAPI document; see README.md here for when its version changes."""
