"""Long computations whose results are checked in under `benchmarks/prove/results/`, with command and seed."""
