"""The figures of a model that is never retrained: a random forest trained on batches 1 to 6, scored on 7 to 10."""

from __future__ import annotations

import sys
from pathlib import Path

from driftwatch_assets.defs.gas_sensors.transforms import FEATURES, gold, silver
from driftwatch_assets.sources import LibsvmSource, readable

TRAINED = range(1, 7)
SCORED = range(7, 11)


def main(folder: Path) -> None:
    """Print the accuracy on each later batch, and their mean."""
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415 - heavy: not for --help

    tables = {}
    for batch in (*TRAINED, *SCORED):
        typed = silver(readable(LibsvmSource(features=len(FEATURES)).read(folder / f"batch{batch}.dat").to_pandas()))
        tables[batch] = gold(typed[typed["reject_reason"].isna()].drop(columns="reject_reason"))
    rows = [tables[batch] for batch in TRAINED]
    forest = RandomForestClassifier(n_estimators=100, max_depth=20, min_samples_split=5, random_state=42, n_jobs=2)
    forest.fit(
        [row for table in rows for row in table[list(FEATURES)].to_numpy()],
        [label for table in rows for label in table["gas"]],
    )
    scores = []
    for batch in SCORED:
        guess = forest.predict(tables[batch][list(FEATURES)].to_numpy())
        scores.append(float((guess == tables[batch]["gas"].to_numpy()).mean()))
        print(f"batch {batch}: {scores[-1]:.3f}")
    print(f"mean: {sum(scores) / len(scores):.3f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "data/landing/gas_sensors"))
