"""The nightly batch: for every worker the best jobs of the day, as Parquet files and as rows for the alerts."""
