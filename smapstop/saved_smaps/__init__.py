"""Saved texts of smaps in any form: bytes in, readings out.

bytes → `unpack` (gzip, xz, bzip2, zstd) → `decode` (UTF-16, byte order marks, line ends) → `lines` (what each line
is, without quotes, indents and log prefixes) → `records` → `readings` (where one ends and another begins) → the
kernel's parser.
"""
