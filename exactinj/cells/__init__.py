"""The wedges of a layer: the regions of the domain on which the same rows are active."""
