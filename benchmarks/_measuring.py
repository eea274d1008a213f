"""What the benchmarks share: where the measured data lies, spreads over repetitions, tables."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

DATA = Path("../shared/data")
EXIT_NOTHING_TO_MEASURE = 2
EXIT_WRONG = 1


def options(about: str, repeat: int = 3) -> argparse.ArgumentParser:
    """Start the command line of a benchmark: ``--data`` and ``--repeat``, with its default."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(
        "--data", type=Path, default=DATA, metavar="DIR", help=f"the measured data [{DATA}]"
    )
    parser.add_argument(
        "--repeat", type=_positive, default=repeat, metavar="N", help=f"repetitions [{repeat}]"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {number}")
    return number


def data_files(data: Path, *names: str) -> list[Path]:
    """Find files of the measured data, or end with a line that says which one is missing."""
    files = [data / name for name in names]
    for file in files:
        if not file.is_file():
            sys.exit(
                _say(
                    f"{file} is not there: this benchmark needs the measured data, which is not"
                    " part of the project; say where it lies with --data DIR"
                )
            )
    return files


def _say(words: str) -> int:
    print(words, file=sys.stderr)
    return EXIT_NOTHING_TO_MEASURE


def give_up(words: str) -> None:
    """End because a result is wrong; a figure of it would be worth nothing."""
    print(f"WRONG: {words}", file=sys.stderr)
    sys.exit(EXIT_WRONG)


def middle(values: Sequence[float], digits: int) -> str:
    """Median over repetitions, and from where to where they went."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    low, high = min(values), max(values)
    return f"{median(values):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def percentile_ms(times_s: Sequence[float], percent: float) -> float:
    """Percentile of times in seconds, as milliseconds."""
    return float(np.percentile(np.array(times_s), percent)) * 1000


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print columns: the first to the left, figures to the right."""
    lines = [header, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        cells = [line[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
        print("  ".join(cells).rstrip())
    print(flush=True)
