"""States of single pages: pagemap, kpageflags, kpagecount."""
