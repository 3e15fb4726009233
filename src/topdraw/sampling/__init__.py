"""Problems x n over a model: concurrency, resume, each sample drawn once."""
