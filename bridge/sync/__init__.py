"""Two stores in step: feeds make work owed, news of both sides decide, effects are intended, applied and agreed."""
