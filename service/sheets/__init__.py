"""Sheets as people send and get them: cells of CSV, .xls and .xlsx read safely, .xlsx written."""
