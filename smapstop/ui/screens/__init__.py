"""What covers the dashboard for a moment: picking a process, help, choosing the order, leaving."""
