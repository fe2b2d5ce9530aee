"""`python -m nullcline`: the command line."""

import sys

from nullcline.experiments.cli import main

sys.exit(main())
