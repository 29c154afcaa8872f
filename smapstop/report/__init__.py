"""What is printed of a process, without the dashboard: one sample, pages, what broke sharing, two runs compared."""
