"""`python -m realtime.loadtest`: the load tester without Django."""

import sys

from realtime.loadtest.command import main

sys.exit(main())
