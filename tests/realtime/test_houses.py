"""A running house answers for itself, also when somebody else was faster at its port."""

from functools import partial
from unittest.mock import patch

import pytest

from config.ports import free_port
from tests.support import house as houses
from tests.support.house import RunningHouse, running_house


class TestAHouse:
    @pytest.mark.parametrize("server", ["daphne", "uvicorn"])
    def test_takes_another_port_where_its_own_was_taken_meanwhile(self, house: RunningHouse, server: str) -> None:
        taken = house.ports["first"]
        choices = iter([taken, free_port()])

        with running_house() as late, patch.object(houses, "free_port", partial(next, choices)):
            late.start_web(server=server)

            assert late.ports["web"] != taken
            assert late.exit_status("web") is None
            assert house.exit_status("first") is None
