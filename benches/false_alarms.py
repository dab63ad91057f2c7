"""Observed and promised false-positive rates, over random draws of training, calibration and test normals:

    BGAD_DATA=data BGAD_WEIGHTS=weights python3 benches/false_alarms.py [SET...] [--draws 20] [--json FILE]

Half of the normal images train, a quarter calibrates and the others test, with at most 100, 99 and 100 of them. One
training a draw and rate gives training's threshold. Calibration's is that of `bgad calibrate` in the first draw of each
set; in the others it is taken from the same scores by the same rule, once the first has shown that both agree.
"""

import math
import statistics

from normal_draws import arguments, bound, checked, each_set, share_above

SETS = ["headct", "brainmri", "tile", "cookie", "fibre", "fabric00"]
TRAIN, CALIBRATE, TEST = 100, 99, 100


def main():
    p = arguments(__doc__, SETS)
    p.add_argument("--draws", type=int, default=20)
    p.add_argument("--rates", type=float, nargs="+", default=[0.01, 0.05], metavar="RATE", help="rates asked for")
    p.add_argument("--train", type=int, default=TRAIN, help="training images, at most")
    options = checked(p)
    options.sets = options.sets or SETS

    def measure(runs, data_set):
        images = len(data_set.normal)
        train = min(options.train, images // 2)
        calibrate = min(CALIBRATE, (images - train) // 2)
        test = min(TEST, images - train - calibrate)
        draws = []
        for number in range(options.draws):
            order = data_set.draw(options.seed + number)
            parts = order[:train], order[train:train + calibrate], order[-test:]
            draws.append(one_draw(runs, *parts, options.rates, number == 0))
        print(f"\n{data_set.name}: {options.draws} draws of {train} training, {calibrate} calibration and {test} test "
              "images; mean and standard error of a draw's share above the threshold\n")
        print("| asked for | from training: stated | from training: seen | draws above the 95 % bound | "
              "calibrated: promised | calibrated: seen | draws above the 95 % bound |")
        print("|---|---|---|---|---|---|---|")
        for rate in options.rates:
            kinds = [[draw[str(rate)][kind] for draw in draws] for kind in ("training", "calibrated")]
            cells = [part for kind in kinds for part in of_kind(kind)]
            print(f"| {rate} | {' | '.join(cells)} |", flush=True)
        return {"train": train, "calibration": calibrate, "test": test, "draws": draws}

    each_set(options, measure)


def one_draw(runs, train, calibrate, test, rates, checks):
    """By rate what training and calibration say and what is seen."""
    result = {}
    unseen = None
    for rate in rates:
        model, _ = runs.train(train, test, settings=[f"scoring.threshold=false-positive-rate:{rate}"])
        # Rates move the threshold alone, so that one pass over the images serves all of them.
        unseen = unseen or runs.scores(model, calibrate + test)
        ours, fresh = sorted(unseen[:len(calibrate)]), unseen[len(calibrate):]
        rank = min(max(math.ceil((len(ours) + 1) * (1 - rate) - 1e-9), 1), len(ours))
        above = len(ours) - rank
        stated = (above + 1) / (len(ours) + 1)
        calibrated = {"threshold": ours[rank - 1], "stated": stated, "bound": bound(above, len(ours))}
        if checks:
            said = runs.calibrate(model, calibrate, rate)
            pairs = [("threshold", "threshold"), ("stated", "false_positive_rate"), ("bound", "false_positive_bound")]
            for key, name in pairs:
                if not math.isclose(calibrated[key], said[name], rel_tol=1e-4, abs_tol=1e-6):
                    raise SystemExit(f"bgad calibrate says {name} {said[name]}, expected was {calibrated[key]}")
        training = {"threshold": model.threshold, "stated": model.stated, "bound": model.bound}
        result[str(rate)] = {
            kind: {**said, "seen": share_above(fresh, said["threshold"])}
            for kind, said in (("training", training), ("calibrated", calibrated))
        }
    return result


def of_kind(draws):
    """Cells of a table: what is stated, what is seen, and how many draws see more than their bound."""
    seen = [draw["seen"] for draw in draws]
    error = statistics.stdev(seen) / math.sqrt(len(seen)) if len(seen) > 1 else math.nan
    beyond = sum(draw["seen"] > draw["bound"] for draw in draws)
    return (
        f"{statistics.mean(draw['stated'] for draw in draws):.3f}",
        f"{statistics.mean(seen):.3f} ± {error:.3f}",
        f"{beyond} of {len(draws)}",
    )


if __name__ == "__main__":
    main()
