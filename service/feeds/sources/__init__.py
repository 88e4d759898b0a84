"""One folder a source: source.toml and parse.py."""
