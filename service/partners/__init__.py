"""Partners: platforms that bring their adverts by API, each under its own source and with its own client credentials."""
