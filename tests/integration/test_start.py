"""No server starts with settings that would lose seats or secrets, whichever way it is started."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

START_SECONDS_MAX = 60


class TestServers:
    @pytest.mark.parametrize(
        "command",
        [
            ["-c", "import config.asgi"],
            ["-m", "celery", "-A", "config", "worker"],
            ["-m", "celery", "-A", "config", "beat"],
            ["manage.py", "check"],
        ],
        ids=["asgi", "worker", "beat", "manage.py"],
    )
    def test_do_not_start_on_secrets_that_anybody_can_read(
        self, command: Sequence[str], tmp_path: Path, pytestconfig: pytest.Config
    ) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "SECRET_KEY"}
        environment |= {"DEBUG": "false", "ALLOWED_HOSTS": "localhost", "LOGS_DIR": str(tmp_path)}

        ended = subprocess.run(
            [sys.executable, *command],
            env=environment,
            cwd=pytestconfig.rootpath,
            capture_output=True,
            text=True,
            timeout=START_SECONDS_MAX,
        )

        assert ended.returncode != 0
        assert "SECRET_KEY is empty or the default" in ended.stdout + ended.stderr
        assert "RAZORPAY_KEY_SECRET and RAZORPAY_WEBHOOK_SECRET of the repository" in ended.stdout + ended.stderr
        assert "token_urlsafe" in ended.stdout + ended.stderr
