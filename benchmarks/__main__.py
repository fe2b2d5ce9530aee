"""`python -m benchmarks`, from the repository's root: every comparison with a peer."""

import sys

from ._side_by_side.main import main

sys.exit(main())
