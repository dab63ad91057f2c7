"""Observed and promised false-positive rates, over random draws of training, calibration and test normals:

    BGAD_DATA=data BGAD_WEIGHTS=weights python3 benches/false_alarms.py [SET...] [--draws 200] [--json FILE]

Half of the normal images train, a quarter calibrates and the others test, with at most 100, 99 and 50 of them. One
training a draw and rate gives training's threshold, and the first of a draw all scores. *Promised* is the rate that the
model file names, *by ranks* what so many held-out scores can bear. *Found* is the share of abnormal images above
training's threshold, and *possible* that above a threshold with the promised rate on the draw's own test normals. As
many draws run at once as there are processors.

Calibration's threshold is that of `bgad calibrate` in the first draw of each set; in the others it is taken from the
same scores by the same rule, once the first has shown that both agree, and that `bgad predict` gives the same scores.
With --json a set's draws are written after each, and a run with the same options goes on after the last of them.
"""

import math
import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

from normal_draws import arguments, bound, checked, each_set, share_above

SETS = ["headct", "brainmri", "tile", "cookie", "fibre", "fabric00"]
TRAIN, CALIBRATE, TEST = 100, 99, 50


def main():
    p = arguments(__doc__, SETS)
    p.add_argument("--draws", type=int, default=20)
    p.add_argument("--rates", type=float, nargs="+", default=[0.01], metavar="RATE", help="rates asked for")
    p.add_argument("--train", type=int, default=TRAIN, help="training images, at most")
    p.add_argument("--calibrate", type=int, default=CALIBRATE, help="calibration images, at most")
    p.add_argument("--abnormal", type=int, default=40, help="abnormal test images, at most")
    p.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N", help="draws to run at once, each on one processor")
    options = checked(p)
    options.sets = options.sets or SETS

    def measure(runs, data_set, kept, keep):
        images = len(data_set.normal)
        train = min(options.train, images // 2)
        calibrate = min(options.calibrate, (images - train) // 2)
        test = min(TEST, images - train - calibrate)
        abnormal = data_set.some_abnormal(options.abnormal, options.seed)
        said = {"train": train, "calibration": calibrate, "test": test, "abnormal": len(abnormal), "rates": options.rates}
        draws = kept["draws"] if kept and all(kept.get(key) == value for key, value in said.items()) else []
        start, before = time.monotonic(), len(draws)

        def draw(number):
            order = data_set.draw(options.seed + number)
            parts = order[:train], order[train:train + calibrate], order[-test:]
            own = runs.apart(number)
            result = one_draw(own, *parts, abnormal, options.rates, number == 0)
            # A model takes about 35 MB.
            own.remove()
            return result

        with ThreadPoolExecutor(options.jobs) as pool:
            for one in pool.map(draw, range(len(draws), options.draws)):
                draws.append(one)
                keep({**said, "draws": draws})
        each = (time.monotonic() - start) / max(len(draws) - before, 1)
        draws = draws[:options.draws]
        print(f"\n{data_set.name}: {len(draws)} draws of {train} training, {calibrate} calibration and {test} test "
              f"images, {each:.1f} s each; mean and standard error of each draw's share above the threshold\n")
        print("| asked for | from training: promised | by ranks | seen | draws above the 95 % bound | found | possible | "
              "calibrated: promised | seen | draws above the 95 % bound |")
        print("|---|---|---|---|---|---|---|---|---|---|")
        for rate in options.rates:
            training, calibrated = ([draw[str(rate)][kind] for draw in draws] for kind in ("training", "calibrated"))
            found = [mean(training, key) for key in ("found", "possible")]
            cells = [mean(training, "promised"), *of_kind(training), *found, *of_kind(calibrated)]
            print(f"| {rate} | {' | '.join(cells)} |", flush=True)

    each_set(options, measure)


def one_draw(runs, train, calibrate, test, abnormal, rates, checks):
    """For each rate, what training and calibration promise and what is observed."""
    result = {}
    unseen = None
    for rate in rates:
        # A rate only changes the threshold, so one evaluation serves all rates.
        tested, defects = (calibrate + test, abnormal) if unseen is None else ([], [])
        model, _ = runs.train(train, tested, defects, settings=[f"scoring.threshold=false-positive-rate:{rate}"])
        if unseen is None:
            unseen, defective = runs.scores(tested), runs.scores(defects)
            if checks:
                agree("a score", unseen, runs.predicted(model, tested))
        ours, fresh = sorted(unseen[:len(calibrate)]), unseen[len(calibrate):]
        rank = min(max(math.ceil((len(ours) + 1) * (1 - rate) - 1e-9), 1), len(ours))
        above = len(ours) - rank
        stated = (above + 1) / (len(ours) + 1)
        calibrated = {"threshold": ours[rank - 1], "stated": stated, "bound": bound(above, len(ours))}
        if checks:
            said = runs.calibrate(model, calibrate, rate)
            pairs = [("threshold", "threshold"), ("stated", "false_positive_rate"), ("bound", "false_positive_bound")]
            for key, name in pairs:
                agree(name, [calibrated[key]], [said[name]])
        training = {
            "threshold": model.threshold, "promised": model.promised, "stated": model.stated, "bound": model.bound,
            "found": share_above(defective, model.threshold),
            "possible": possible(defective, fresh, model.promised),
        }
        result[str(rate)] = {
            kind: {**said, "seen": share_above(fresh, said["threshold"])}
            for kind, said in (("training", training), ("calibrated", calibrated))
        }
    return result


def agree(what, ours, theirs):
    for mine, said in zip(ours, theirs, strict=True):
        if not math.isclose(mine, said, rel_tol=1e-4, abs_tol=1e-4):
            raise SystemExit(f"bgad says {what} of {said}, expected was {mine}")


def possible(abnormal, normal, rate):
    """The share of abnormal images above the threshold with at most this rate on these normal images."""
    if rate is None:
        return None
    return share_above(abnormal, sorted(normal, reverse=True)[math.floor(rate * len(normal))])


def values(draws, key):
    """The values of the draws that have one; with too few images there is no threshold."""
    return [draw[key] for draw in draws if draw[key] is not None]


def mean(draws, key):
    found = values(draws, key)
    return f"{statistics.mean(found):.3f}" if found else "none"


def of_kind(draws):
    """Cells of a table: the promised rate, the observed rate, and how many draws exceed their bound."""
    seen = values(draws, "seen")
    if not seen:
        return "none", "none", "none"
    error = statistics.stdev(seen) / math.sqrt(len(seen)) if len(seen) > 1 else math.nan
    beyond = sum(draw["seen"] > draw["bound"] for draw in draws if draw["seen"] is not None)
    return mean(draws, "stated"), f"{statistics.mean(seen):.3f} ± {error:.3f}", f"{beyond} of {len(seen)}"


if __name__ == "__main__":
    main()
