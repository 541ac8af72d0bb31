"""What counts as drift of the whole table: thresholds that a user declares."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator


class WholeTablePolicy(BaseModel):
    """How the rows of a batch are told from the reference's, and what counts as drift.

    The whole table has drifted when a classifier that has not seen a row tells noticeably better than chance on which
    side it belongs, and not by luck::

        p < alpha  and  auc >= auc threshold

    The default threshold of 0.6 is what one feature gives that moved by 0.36 standard deviations (``Phi(d / sqrt 2)``).
    The severity is medium from 0.7 and high from 0.8, where a classifier is called acceptable and excellent.

    Examples
    --------
    >>> WholeTablePolicy().in_words()
    'the whole table drifts when held-out rows of the batch are told from those of the reference with an AUC of 0.6 or \
more and p < 0.01 (5 folds)'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    auc: float = Field(default=0.6, gt=0.5, lt=1, description="Area under the curve that matters.")
    alpha: float = Field(default=0.01, gt=0, lt=1, description="p-value below which it is not called chance.")
    folds: int = Field(
        default=5, ge=2, le=20, description="Parts of the rows, each told by a classifier of the others."
    )
    max_rows: int = Field(default=2000, ge=100, description="Rows of a side that are used; more are sampled.")
    min_rows: int = Field(default=100, ge=40, description="Rows on each side without which nothing is judged.")
    seed: int = Field(default=0, ge=0, description="Of the sample, the folds and the classifier.")
    medium: float = Field(default=0.7, gt=0.5, lt=1, description="Area from which the severity is medium.")
    high: float = Field(default=0.8, gt=0.5, lt=1, description="Area from which the severity is high.")

    @model_validator(mode="after")
    def _ascending(self) -> WholeTablePolicy:
        if self.high < self.medium:
            raise ValueError(f"high is {self.high}, below medium, which is {self.medium}")
        if self.max_rows < self.min_rows:
            raise ValueError(f"max_rows is {self.max_rows}, below min_rows, which is {self.min_rows}")
        return self

    def in_words(self) -> str:
        """Say the rule in one sentence, with its thresholds."""
        return (
            "the whole table drifts when held-out rows of the batch are told from those of the reference with an AUC "
            f"of {self.auc:g} or more and p < {self.alpha:g} ({self.folds} folds)"
        )
