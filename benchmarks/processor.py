"""The processor, and the NumPy setting with which it sorts fastest."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

WITHOUT_AVX512 = "X86_V4 AVX512_ICL AVX512_SPR AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL"
PROBE = """
import time, numpy
rows = numpy.random.default_rng(0).normal(size=(128, 3600))
best = 1e9
for _ in range(20):
    start = time.process_time()
    for row in rows:
        numpy.sort(row)
    best = min(best, time.process_time() - start)
print(best)
"""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "ARROW_NUM_THREADS")


def describe() -> str:
    """Name the processor and the number of cores."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = names[0] if names else cpu
    return f"{cpu}, {os.cpu_count()} cores"


def one_thread(disabled: str = "") -> dict[str, str]:
    """Give an environment in which every contestant has one thread and reports nothing to anybody."""
    return {
        **os.environ,
        **dict.fromkeys(THREADS, "1"),
        "NPY_DISABLE_CPU_FEATURES": disabled,
        "DO_NOT_TRACK": "1",
        "PYTHONWARNINGS": "ignore",
    }


def sorting_times() -> dict[str, float]:
    """Measure NumPy's sort as it comes and without AVX-512, in seconds.

    The AVX-512 sort needs a store that some processors (AMD Zen 4) carry out in microcode: there it is three to six
    times slower than the AVX2 one that NumPy uses everywhere else.
    """
    return {
        disabled: float(
            subprocess.run(
                [sys.executable, "-c", PROBE], env=one_thread(disabled), capture_output=True, text=True, check=True
            ).stdout
        )
        for disabled in ("", WITHOUT_AVX512)
    }
