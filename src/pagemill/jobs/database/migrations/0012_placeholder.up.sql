-- Nothing: the number is kept for a step that lands beside this one.
SELECT;
