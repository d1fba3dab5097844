"""From a sentence to a job by schedule, or to what is to become of one."""
