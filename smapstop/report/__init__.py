"""Printed reports, without the dashboard: snapshot, pages, copy-on-write, diff of two runs."""
