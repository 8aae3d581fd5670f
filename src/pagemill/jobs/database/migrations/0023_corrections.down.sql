DROP TABLE correction_versions, corrections, corrected_pages;
