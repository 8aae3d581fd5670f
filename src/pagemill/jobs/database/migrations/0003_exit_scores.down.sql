DROP TABLE exit_scores;
