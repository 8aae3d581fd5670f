DROP TABLE selector_lessons;
