import pytest

pytest.register_assert_rewrite("tests.connectors.life_cycles.life_cycle")
