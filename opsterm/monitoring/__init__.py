"""What we see and what it means: samples, series, thresholds, alerts."""
