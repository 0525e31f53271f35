"""Accepted or refused: what the gates of a symbol came to, inside the final fit and out of sample.

Two questions that look alike. The final fit asks whether the model that is kept may listen to text: blocks of
its own training window answer. The walk-forward asks what it was worth to let every fold decide that
for itself: rows that no fold has seen answer, the folds that refused among them.
"""

import json
from dataclasses import dataclass

from alphaloop.training.chain.examples import Examples
from alphaloop.training.chain.run import Json, Walked
from alphaloop.training.multimodal.judgement import judge
from alphaloop.training.multimodal.learners import GATES, newest, text_of


@dataclass(frozen=True, slots=True)
class Details:
    """What the chain says of a symbol beside its candidates.

    Parameters
    ----------
    seed : int
        Of bootstraps.
    """

    seed: int = 0

    def __call__(self, examples: Examples, walked: Walked) -> Json:
        """Gates by horizon.

        Returns
        -------
        dict
            ``text_features``; ``gates``: of each horizon ``kept`` (the final fit's: ``accepted``, ``reason``,
            ``improvement``, ``low``, ``high``, ``k``, ``a0``) and ``walked`` (the same of the walk-forward, without
            ``k`` and ``a0``). Improvements are shares of the base's squared error on rows with text.
        """
        kept = json.loads((walked.folder / "final" / "files" / GATES).read_text(encoding="utf-8"))
        rows, text = examples.rows, text_of(examples)
        active, spans = text.activity(newest(rows)[:, -1]) > 0, (rows.times, rows.ends)
        base, gated = (walked.predicted[name].mean for name in ("base", "residual_gate"))
        gates = {
            name: {
                "kept": kept[place],
                "walked": judge(
                    base[:, place], gated[:, place], rows.targets[:, place], active, spans, self.seed
                ).as_dict(),
            }
            for place, name in enumerate(examples.horizons)
        }
        return {"text_features": len(text.columns), "gates": gates}
