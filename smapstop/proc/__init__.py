"""Read and parse /proc: bytes in, columns out, exactly as the kernel prints them."""
