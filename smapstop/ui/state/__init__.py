"""State of the dashboard, independent of Textual: session, rows, alerts, family, what the user changed."""
