"""Run smapstop with `python -m smapstop`."""

import sys

from smapstop.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
