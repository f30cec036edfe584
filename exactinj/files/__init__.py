"""Files in and out: layers, kernels, data sets, exported questions; nothing half written."""
