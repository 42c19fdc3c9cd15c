"""From a query to ranked pictures: candidates, scores, calibration and pages."""
