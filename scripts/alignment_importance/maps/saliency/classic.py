"""Classic models of saliency, which need no weights, as OpenCV computes them."""

from typing import Any

import cv2
import numpy as np
import pandas as pd

from alignment_importance.maps.saliency.computing import Map, Pixels, Provider


def spectral_residual(_table: pd.DataFrame) -> Provider:
    """Make maps of what in an image's log spectrum deviates from its local average.

    Hou & Zhang 2007, doi 10.1109/CVPR.2007.383267; OpenCV computes it on the image shrunk to 64 x 64 pixels.
    """
    return _opencv("spectral_residual", cv2.saliency.StaticSaliencySpectralResidual)


def fine_grained(_table: pd.DataFrame) -> Provider:
    """Make maps of how far centres differ from their surrounds, at several scales.

    Montabone & Soto 2010, doi 10.1016/j.imavis.2009.06.006; OpenCV computes it in 8 bits, so that equal values are
    common.
    """
    return _opencv("fine_grained", cv2.saliency.StaticSaliencyFineGrained)


def _opencv(method: str, model: Any) -> Provider:
    """A provider that runs a model of OpenCV on the grey image, which is all that these models use."""

    def map_of(_image: str, rgb: Pixels) -> Map:
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        if grey.min() == grey.max():
            # The models divide by zero here and return rounding errors that look like a map.
            return np.zeros(grey.shape, dtype=np.float32)
        _, values = model.create().computeSaliency(grey)
        return np.asarray(values, dtype=np.float32)

    return Provider(map_of, {"method": method})
