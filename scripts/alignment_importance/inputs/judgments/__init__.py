"""Human similarity judgments: every form that they are filed in, one labelled form, and their mean.

The labelled form is a Dataset with `similarity` (participant, image, image_b), larger for more similar, and `n_ratings`
of the same shape. One module for each thing that there is to know:

- `reading`: makes the labelled form of a file, or of a file per participant. It is what checks and `prepare_judgments`
  call.
- `registry`: the forms, a line each; `form`: what a form is.
- `matrices`, `pairs`, `triplets`, `alternatives`: text files (by `inputs.delimited_text`); `trials`: what the last two
  share; `unlabelled_arrays`: arrays with a file of image ids; `rdms`, `meadows`: files of rsatoolbox and of Meadows.
- `judged`: what all of these make; how ratings become matrices.
- `diagonals`, `quality`: judgments that contradict their kind, that say nothing, or that are few or unreliable.
- `subsets`: the images of a comparison, by category or by name.
- `averages`: the mean over participants, taken as late as possible. It needs none of the others.
"""

from alignment_importance.inputs.judgments.averages import average, mean

__all__ = ["average", "mean"]
