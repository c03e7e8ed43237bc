"""Metrics, service levels, alerts, the daily report."""
