"""The benchmarks by name, in the order in which they run."""

from typing import Final

from tests.bench.boards import boards
from tests.bench.ceiling import ceiling
from tests.bench.confirmations import confirmations
from tests.bench.connections import connections
from tests.bench.contention import contention
from tests.bench.expiry import expiry
from tests.bench.fan_out import fan_out
from tests.bench.forgeries import forgeries
from tests.bench.grabs import granted, refused
from tests.bench.idle import idle, stuck
from tests.bench.latency import latency
from tests.bench.limit import limit
from tests.bench.reports import reports
from tests.bench.storm import storm
from tests.bench.suite import Benchmark

BENCHMARKS: Final = {
    benchmark.name: benchmark
    for benchmark in (
        Benchmark("ceiling", "What the generator can take", ceiling),
        Benchmark("fan-out", "One show, 500 viewers, changes at full speed", fan_out),
        Benchmark("granted", "Single seats granted, with their PostgreSQL rows", granted),
        Benchmark("refused", "Taken seats refused", refused),
        Benchmark("limit", "Taken seats refused by Redis alone", limit),
        Benchmark("connections", "Viewers let in, each with his first picture", connections),
        Benchmark("latency", "From a click to every viewer's screen, 10 holds a second", latency),
        Benchmark("expiry", "How late a seat comes back when its hold ends", expiry),
        Benchmark("storm", "Everybody drops and comes back at once", storm),
        Benchmark("idle", "Viewers who only look", idle),
        Benchmark("stuck", "Viewers who have stopped reading", stuck),
        Benchmark("boards", "200 boards and 2,000 viewers of one show", boards),
        Benchmark("confirmations", "Payments verified, with their webhooks", confirmations),
        Benchmark("forgeries", "A million forged tickets at the door", forgeries),
        Benchmark("reports", "A report of a year of 1,000 shows a month", reports),
        Benchmark("contention", "200 customers fight over 24 seats", contention),
    )
}
