"""The benchmarks by name, in the order in which they run."""

from typing import Final

from tests.bench.ceiling import ceiling
from tests.bench.fan_out import fan_out
from tests.bench.grabs import granted, refused
from tests.bench.suite import Benchmark

BENCHMARKS: Final = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark("ceiling", "What the generator can take", ceiling),
        Benchmark("fan-out", "One show, 500 viewers, changes at full speed", fan_out),
        Benchmark("granted", "Single seats granted, with their PostgreSQL rows", granted),
        Benchmark("refused", "Taken seats refused", refused),
    )
}
