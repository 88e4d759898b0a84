"""Fields that only the service can read: keys, two suites of algorithms, sealed columns, look-up without reading, masks."""
