"""How good a model of few normal images is, and how often it rejects normal images that it has not seen:

    BGAD_DATA=data BGAD_WEIGHTS=weights python3 benches/few_normals.py [SET...] [--draws 3] [--json FILE]

A draw puts the normal images in an order. The first 1, 2, 4, ... of it train, and the last ones test in all rows alike.
*Promised* is the rate that the model file names, *by ranks* what so many held-out scores can bear, and *95 % bound* the
rate that they exclude. Too few images give no threshold, and none of these rates.
"""

import statistics

from normal_draws import arguments, checked, each_set, share_above

SETS = ["tile", "cookie", "headct", "fibre"]
COUNTS = [1, 2, 4, 8, 16, 32]


def main():
    p = arguments(__doc__, SETS)
    p.add_argument("--draws", type=int, default=3)
    p.add_argument("--counts", type=int, nargs="+", default=COUNTS, metavar="N", help="numbers of training images")
    p.add_argument("--unseen", type=int, default=60, help="normal test images, at most")
    p.add_argument("--abnormal", type=int, default=60, help="abnormal test images, at most")
    options = checked(p)
    options.sets = options.sets or SETS

    def measure(runs, data_set, _, keep):
        abnormal = data_set.some_abnormal(options.abnormal, options.seed)
        most = max(options.counts)
        unseen = min(options.unseen, len(data_set.normal) - most)
        if unseen < 1:
            raise SystemExit(f"{data_set.name} has {len(data_set.normal)} normal images: none is left beside {most}")
        print(f"\n{data_set.name}: {options.draws} draws, {unseen} unseen normal and {len(abnormal)} abnormal images\n")
        print("| normal images | image AUROC | unseen normals above the threshold | promised | by ranks | 95 % bound "
              "| threshold |")
        print("|---|---|---|---|---|---|---|", flush=True)
        rows = []
        for count in options.counts:
            draws = []
            for number in range(options.draws):
                order = data_set.draw(options.seed + number)
                train, test = order[:count], order[-unseen:]
                model, said = runs.train(train, test, abnormal)
                scores = runs.scores(test)
                draws.append({
                    "image_auroc": said["history"][-1]["image_auroc"],
                    "above": share_above(scores, model.threshold),
                    "promised": model.promised,
                    "calibrated": model.calibrated,
                    "stated": model.stated,
                    "bound": model.bound,
                    "threshold": model.threshold,
                    "mirrored": said["mirrored"],
                    "seconds": said["seconds"]["total"],
                    "warnings": said["warnings"],
                    "scores": scores,
                })
            rows.append({"normal": count, "draws": draws})
            cells = [cell(draws, "image_auroc"), cell(draws, "above")]
            cells += [mean(draws, key) for key in ("promised", "stated", "bound")]
            print(f"| {count} | {' | '.join(cells)} | {cell(draws, 'threshold')} |", flush=True)
            keep({"unseen": unseen, "abnormal": len(abnormal), "rows": rows})

    each_set(options, measure)


def values(draws, key):
    """The values of the draws that have one."""
    return [draw[key] for draw in draws if draw[key] is not None]


def mean(draws, key):
    found = values(draws, key)
    return f"{statistics.mean(found):.3f}" if found else "none"


def cell(draws, key):
    """The mean, and the value of each draw."""
    shown = " ".join("none" if draw[key] is None else f"{draw[key]:.3f}" for draw in draws)
    return f"{mean(draws, key)} ({shown})" if values(draws, key) else "none"


if __name__ == "__main__":
    main()
