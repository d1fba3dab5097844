"""From a phrase such as "weekdays at 7:30" to a schedule, or to the question that has to be asked."""
