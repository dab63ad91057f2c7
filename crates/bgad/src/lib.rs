//! Visual anomaly detection with explicit boundary guidance (BGAD): train, evaluate and run defect detectors
