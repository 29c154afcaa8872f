"""Figures of a fleet for Prometheus: as metrics, served over HTTP, and as a dashboard of Grafana."""
