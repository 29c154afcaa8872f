"""Read the numbers of DWARF from bytes that may be anything (DWARF 5, 7.6 and 7.27; little-endian)."""


class Cursor:
    """A place in bytes, from which numbers are read one after the other.

    Every method raises `ValueError` at the end of the bytes, so that whoever reads untrusted ones has one error to
    expect.
    """

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self.data = data
        self.at = at
        self.end = len(data) if end is None else min(end, len(data))
        if not 0 <= self.at <= self.end:
            raise ValueError("begins past the end")

    def __bool__(self) -> bool:
        """Whether there is more."""
        return self.at < self.end

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        if not 0 <= size <= self.end - self.at:
            raise ValueError("ends early")
        self.at += size
        return self.data[self.at - size : self.at]

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(self.end - self.at)

    def unsigned(self, size: int) -> int:
        """Return an unsigned number of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def signed(self, size: int) -> int:
        """Return a signed number of `size` bytes."""
        return int.from_bytes(self.take(size), "little", signed=True)

    def byte(self) -> int:
        """Return the next byte."""
        if self.at >= self.end:
            raise ValueError("ends early")
        self.at += 1
        return self.data[self.at - 1]

    def uleb(self) -> int:
        """Return an unsigned LEB128 number, modulo 2**64."""
        if self.at < self.end and self.data[self.at] < 0x80:  # most are short
            self.at += 1
            return self.data[self.at - 1]
        return self._leb()[0] & (2**64 - 1)

    def skip_uleb(self) -> None:
        """Skip a LEB128 number."""
        while self.byte() >= 0x80:
            pass

    def sleb(self) -> int:
        """Return a signed LEB128 number of up to 64 bits."""
        number, bits = self._leb()
        number &= 2**64 - 1
        bits = min(bits, 64)
        return number - (1 << bits) if number >> (bits - 1) & 1 else number

    def text(self) -> bytes:
        """Return the bytes up to the next zero, which is skipped."""
        zero = self.data.find(b"\0", self.at, self.end)
        if zero < 0:
            raise ValueError("a text has no end")
        text = self.data[self.at : zero]
        self.at = zero + 1
        return text

    def _leb(self) -> tuple[int, int]:
        """Return the bits of a LEB128 number, and how many they are; at most ten bytes are read."""
        number = bits = 0
        while bits < 70:
            byte = self.byte()
            number |= (byte & 0x7F) << bits
            bits += 7
            if byte < 0x80:
                return number, bits
        raise ValueError("a number is too long")
