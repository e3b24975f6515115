"""The browser's pure modules, tested by node's own runner (tests/unit/js). Without node these tests are skipped."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

JS_TESTS = Path(__file__).parent / "js"
NODE_MAJOR_MIN = 20

node = shutil.which("node")


def node_major() -> int:
    """The major version of node on PATH, 0 without one."""
    if node is None:
        return 0
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    match = re.match(r"v(\d+)", version)
    return int(match[1]) if match else 0


@pytest.mark.skipif(
    node_major() < NODE_MAJOR_MIN,
    reason=f"NO NODE {NODE_MAJOR_MIN}: the browser modules are NOT tested here. Install it, then run again.",
)
class TestJavaScript:
    @pytest.mark.parametrize("path", sorted(JS_TESTS.glob("*.test.js")), ids=lambda path: path.name)
    def test_passes(self, path: Path) -> None:
        assert node is not None

        run = subprocess.run(
            [node, "--test", "--test-reporter=spec", str(path)], capture_output=True, text=True, timeout=60
        )

        assert run.returncode == 0, run.stdout + run.stderr
        assert re.search(r"^ℹ pass [1-9]", run.stdout, re.MULTILINE), "no test ran"
