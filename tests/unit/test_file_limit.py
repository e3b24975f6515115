"""The web process takes as many sockets as the system lets it, not as many as a shell is given."""

import subprocess
import sys


def test_the_web_process_asks_for_all_the_files_it_may_have() -> None:
    code = (
        "import resource; from realtime.process import raise_file_limit\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, 512))\n"
        "raise_file_limit(); print(resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(512, 512)"
