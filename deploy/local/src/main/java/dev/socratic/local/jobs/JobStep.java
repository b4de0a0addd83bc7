package dev.socratic.local.jobs;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.JobStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What to do for a Job now.
 *
 * @param status the status to write (equal to the present one when nothing changed)
 * @param create how many pods to create
 * @param stop pods to delete; their end is not a failure of the Job
 * @param again when to look again even if nothing happens
 */
record JobStep(JobStatus status, int create, List<Pod> stop, Optional<Duration> again) {}
