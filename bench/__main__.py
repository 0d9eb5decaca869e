"""`python -m bench`: the one benchmark that there is so far."""

from __future__ import annotations

import sys

from bench.commit_to_cluster import main

if __name__ == "__main__":
    sys.exit(main())
