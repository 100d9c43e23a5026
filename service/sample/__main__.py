"""python -m service.sample --targets N --out DIR [--seed TEXT] [--as-of YYYY-MM-DD]"""

import argparse
import datetime
import sys
from pathlib import Path

from .files import AS_OF, MAXIMUM_TARGETS, SEED, TARGETS, write_sample


def main(arguments: list[str] | None = None) -> int:
    """Write the sample files and name them; 2 for arguments that cannot be used."""
    parser = argparse.ArgumentParser(
        prog="python -m service.sample",
        description="生成虚构的云州市示例名录。Write the sample registries of an invented city.",
    )
    parser.add_argument(
        "--targets", type=int, default=TARGETS, help=f"检查对象数 targets, up to {MAXIMUM_TARGETS}"
    )
    parser.add_argument("--out", type=Path, required=True, help="输出文件夹 folder to write into")
    parser.add_argument("--seed", default=SEED, help="种子，同一种子结果相同 same seed, same bytes")
    parser.add_argument(
        "--as-of", type=datetime.date.fromisoformat, default=AS_OF, help="基准日期 reference day"
    )
    options = parser.parse_args(arguments)
    try:
        paths = write_sample(options.out, options.targets, options.seed, options.as_of)
    except (ValueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for path in paths:
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
