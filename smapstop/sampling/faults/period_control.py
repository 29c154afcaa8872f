"""Sampling period of page faults: every fault while there are few; else every second, fourth, eighth, and so on."""

WINDOW_NS = 1_000_000_000
_STEP = 4
"""Within a second, too many samples raise the period by so much at once: a restart costs some µs a thread."""
MAX_PERIOD = 1 << 20


class PeriodControl:
    """Period of a stream of samples that keeps their number below a limit; the caller passes the time.

    Over a second it may be exceeded by a part, while the period rises.

    Args:
        limit: Samples a second.
        now_ns: Time, monotonic clock.
    """

    def __init__(self, limit: int, now_ns: int) -> None:
        self.period = 1
        self.limit = limit
        self._began_ns = now_ns
        self._faults = 0
        self._samples = 0
        """Samples since the window began; less a part of the limit for each time that they exceeded it."""

    def book(self, samples: int, now_ns: int) -> int:
        """Account for new samples, and return the period for the next ones."""
        self._faults += samples * self.period
        self._samples += samples
        elapsed_ns = now_ns - self._began_ns
        if self._samples > self.limit:
            self.period = min(self.period * _STEP, MAX_PERIOD)
            self._samples = self.limit - self.limit // _STEP
        if elapsed_ns >= WINDOW_NS:
            wanted = _power_of_two(-(-self._faults * WINDOW_NS // (elapsed_ns * self.limit)))
            if wanted > self.period or wanted * _STEP <= self.period:
                self.period = min(wanted, MAX_PERIOD)
            self._began_ns, self._faults, self._samples = now_ns, 0, 0
        return self.period


def _power_of_two(number: int) -> int:
    """Return the least power of 2 that is not below a number."""
    return 1 << max(0, number - 1).bit_length()
