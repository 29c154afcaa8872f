"""The kernel's words, exactly: bytes in, columns out."""
