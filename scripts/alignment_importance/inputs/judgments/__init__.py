"""Human similarity judgments: reads files of any form, labels them, and averages them over participants.

Labelled judgments are a Dataset with `similarity` (participant, image, image_b), larger for more similar, and
`n_ratings` of the same shape.

- `reading`: reads and labels a file, or a file per participant, for the checks and for `prepare_judgments`.
- `registry`: the forms of files, a line each.
- `matrices`, `pairs`, `triplets`, `alternatives`: text files (by `inputs.delimited_text`); `trials`: code of the last
  two; `unlabelled_arrays`: arrays with a file of image ids; `rdms`, `meadows`: files of rsatoolbox and of Meadows.
- `judged`: the types that all of these use, that of a form among them, and the conversion of ratings to matrices.
- `diagonals`, `quality`: checks for judgments that contradict their kind, are all equal, few or unreliable.
- `subsets`: selects the images of a comparison, by category or by name; `named_pairs`: reads the pairs to explain.
- `averages`: the mean over participants, taken as late as possible; imports none of the others.
"""

from alignment_importance.inputs.judgments.averages import mean

__all__ = ["mean"]
