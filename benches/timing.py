"""Shared by the scripts that measure other libraries. It is small, because its memory counts as theirs."""

import json
import resource
import time


def median_seconds(work, runs):
    """After one run that is not counted."""
    work()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return sorted(times)[runs // 2]


def tell(**values):
    """One JSON object, with this process's peak memory."""
    values["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(values))
