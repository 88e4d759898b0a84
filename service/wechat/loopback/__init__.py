"""A real HTTP server on loopback that behaves like WeChat's: for tests, and for ``make run`` without an appid."""
