"""One training: rank the candidates, judge the challenger against the champion, refit the winner."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from driftwatch_assets.training.fitting import fit
from driftwatch_assets.training.identity import data_fingerprint, model_fingerprint, training_fingerprint
from driftwatch_assets.training.judging import compare, decide, judge
from driftwatch_assets.training.prediction import ask, predict
from driftwatch_assets.training.ranking import rank, ranking_steps
from driftwatch_assets.training.window import learn_and_judge, stacked, training_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from driftwatch_assets.training.candidate import Candidate
    from driftwatch_assets.training.declaration import TrainingDeclaration
    from driftwatch_assets.training.identity import Champion
    from driftwatch_assets.training.judging import Comparison, GateResult, Promotion
    from driftwatch_assets.training.ranking import Ranking
    from driftwatch_assets.training.window import GoldBatch, LabelledRows


@dataclass(frozen=True)
class TrainingOutcome:
    """All that a training found and made.

    Attributes
    ----------
    trained_through
        The last batch that the model has seen.
    window
        The batches that it was trained on, in order.
    rows
        Labelled rows in the window.
    candidate
        The chosen candidate's declaration.
    ranking
        How the candidates did on later batches, and why this one was chosen.
    comparison
        What was measured on the judging rows.
    gates
        The verdict on each declared gate.
    promotion
        The decision.
    estimator
        The promoted model, refitted on the whole window; the judged one where it was refused.
    judged_estimator
        The model that was judged, fitted without the judging rows.
    held_out
        Judging rows as the judged model scored them: `batch`, `label`, `predicted`, `confidence`, `score_<class>`, and
        the identity column where one was named. The reference of prediction drift.
    features, classes
        Columns in the order of fitting; class names in the order of the scores.
    champion
        Fingerprint of the champion that it was compared with, or None.
    fingerprint, judged_fingerprint
        Content fingerprints of `estimator` and of `judged_estimator`.
    training_fingerprint
        Fingerprint of everything that went in; the same one always has the same outcome.
    data_fingerprint
        Fingerprint of the window's batches.
    batch_fingerprints
        Content fingerprint a batch of the window.
    temperature
        See `TemperatureScaled`.
    seed
        The declared seed.
    seconds
        Wall time of each phase.
    notes
        Warnings of the libraries, each once.

    """

    trained_through: str
    window: tuple[str, ...]
    rows: int
    candidate: Candidate
    ranking: Ranking
    comparison: Comparison
    gates: tuple[GateResult, ...]
    promotion: Promotion
    estimator: Any
    judged_estimator: Any
    held_out: pd.DataFrame
    features: tuple[str, ...]
    classes: tuple[str, ...]
    champion: str | None
    fingerprint: str
    judged_fingerprint: str
    training_fingerprint: str
    data_fingerprint: str
    batch_fingerprints: Mapping[str, str]
    temperature: float
    seed: int
    seconds: Mapping[str, float]
    notes: tuple[str, ...]


def train(
    declaration: TrainingDeclaration,
    batches: Sequence[GoldBatch],
    *,
    through: str,
    features: Sequence[str],
    label: str,
    champion: Champion | None = None,
    identity: str | None = None,
    time_column: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> TrainingOutcome:
    """Train through a batch.

    Candidates are ranked on batches before the newest one, each by a fit on what came before it. The chosen one is
    fitted on everything but the newest batch's judging rows and compared with the champion on these. A promoted one is
    then refitted on all rows. No row is ever scored by a model that saw it, and the champion is only asked to predict.

    Parameters
    ----------
    declaration
        Candidates, window, metric, gates.
    batches
        Gold batches; those after `through` and those without labels are left out.
    through
        The last batch that the model may see.
    features
        Feature columns.
    label
        Label column, null where unknown.
    champion
        The champion as of `through`; None at the first training.
    identity
        Column that is carried into `held_out`.
    time_column
        Column by which the newest batch is split, where it has a time.
    progress
        Called with a few words before each part of the work.

    Returns
    -------
    TrainingOutcome

    Raises
    ------
    NotEnoughLabels
        Too few labelled rows, or a single class.
    CandidateInvalid
        A candidate cannot be built.
    TrainingFailed
        A candidate cannot be fitted.
    ScoringFailed
        A candidate or the champion cannot score the rows.
    FeaturesMissing
        The champion needs features that gold no longer has.

    """
    from driftwatch_assets.training.temperature import (  # noqa: PLC0415 - heavy: loaded by the step that needs it
        TemperatureScaled,
        best_temperature,
        class_scores,
    )

    clock = _Clock()
    window = training_window(batches, label, through=through, size=declaration.window)
    learn, judging = learn_and_judge(
        window[-1],
        declaration.judge_share,
        seed=declaration.seed,
        minimum=declaration.minimum_judge_rows,
        time_column=time_column,
    )
    ranking = rank(declaration, ranking_steps(window, learn, declaration.rank_batches), features, progress=progress)
    clock.lap("ranking")

    candidate = next(one for one in declaration.candidates if one.name == ranking.chosen)
    progress(f"fitting the challenger {candidate.name}")
    judged = fit(candidate, stacked((*window[:-1], learn), features), seed=declaration.seed)
    known = [str(name) for name in judged.estimator.classes_]
    scores = ask(
        lambda rows: class_scores(judged.estimator, rows),
        judging.frame,
        features,
        what=f"candidate {candidate.name!r}, asked for batch {through},",
    )
    temperature = best_temperature(scores, known, judging.labels)
    challenger = TemperatureScaled.around(judged.estimator, temperature)
    clock.lap("challenger")

    progress("judging the challenger")
    held_out = predict(challenger, judging.frame, features)
    rival = None if champion is None else predict(champion.estimator, judging.frame, champion.features)
    comparison = compare(
        judging.labels,
        held_out,
        rival,
        metric=declaration.metric,
        classes=_classes(window),
        seed=declaration.seed,
    )
    gates = judge(comparison, declaration.gates)
    promotion = decide(gates, first=champion is None)
    clock.lap("judging")

    notes = [*ranking.notes, *judged.notes]
    final = challenger
    if promotion.promote:
        progress(f"refitting {candidate.name} on the whole window")
        refitted = fit(candidate, stacked(window, features), seed=declaration.seed)
        final = TemperatureScaled.around(refitted.estimator, temperature)
        notes += refitted.notes
        clock.lap("refitting")

    def identified(part: Any) -> str:
        return model_fingerprint(
            candidate, declaration, window, features, part=part, label=label, time_column=time_column
        )

    judged_fingerprint = identified("without judging rows")
    held_out.insert(0, "batch", through)
    held_out.insert(1, "label", judging.labels.astype(object))
    if identity is not None:
        held_out.insert(0, identity, judging.frame[identity])
    return TrainingOutcome(
        trained_through=through,
        window=tuple(rows.batch for rows in window),
        rows=sum(len(rows.labels) for rows in window),
        candidate=candidate,
        ranking=ranking,
        comparison=comparison,
        gates=gates,
        promotion=promotion,
        estimator=final,
        judged_estimator=challenger,
        held_out=held_out.reset_index(drop=True),
        features=tuple(features),
        classes=tuple(str(name) for name in final.classes_),
        champion=None if champion is None else champion.fingerprint,
        fingerprint=identified("whole window") if promotion.promote else judged_fingerprint,
        judged_fingerprint=judged_fingerprint,
        training_fingerprint=training_fingerprint(
            declaration, window, features, champion, label=label, time_column=time_column
        ),
        data_fingerprint=data_fingerprint(window),
        batch_fingerprints={rows.batch: rows.fingerprint for rows in window},
        temperature=temperature,
        seed=declaration.seed,
        seconds=clock.laps,
        notes=tuple(dict.fromkeys(notes)),
    )


def _classes(window: Sequence[LabelledRows]) -> tuple[str, ...]:
    return tuple(sorted({str(name) for rows in window for name in np.unique(rows.labels)}))


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._begin = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._begin
        self._begin = now
