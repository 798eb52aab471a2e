"""Classic models of saliency, which need no weights, as OpenCV computes them."""

from typing import Any

import cv2
import numpy as np

from alignment_importance.maps.saliency.computing import Map, Pixels


def spectral_residual(_image: str, rgb: Pixels) -> Map:
    """Find what the spectrum of the image does not lead one to expect.

    Hou & Zhang 2007, doi 10.1109/CVPR.2007.383267; OpenCV computes it on the image shrunk to 64 x 64 pixels.
    """
    return _run(cv2.saliency.StaticSaliencySpectralResidual.create(), rgb)


def fine_grained(_image: str, rgb: Pixels) -> Map:
    """Compare centres with their surrounds at several scales.

    Montabone & Soto 2010, doi 10.1016/j.imavis.2009.06.006; OpenCV computes it with 8 bits, so that equal values are
    common.
    """
    return _run(cv2.saliency.StaticSaliencyFineGrained.create(), rgb)


def _run(model: Any, rgb: Pixels) -> Map:
    """Run a model of OpenCV on the grey image, which is all that both of them use."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if grey.min() == grey.max():
        # The models divide by zero here and return rounding errors that look like a map.
        return np.zeros(grey.shape, dtype=np.float32)
    done, found = model.computeSaliency(grey)
    if not done:
        raise RuntimeError(f"OpenCV's {type(model).__name__} gave no map.")
    return np.asarray(found, dtype=np.float32)
