package dev.socratic.local.jobs;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A Job's pods, counted.
 *
 * @param failed failed pods, without those that the Job itself stopped
 * @param counted failed pods that count against {@code backoffLimit}
 * @param failJob message of the first failure that ends the Job at once
 */
record Tally(
        List<Pod> active,
        int terminating,
        int succeeded,
        int failed,
        int counted,
        Optional<String> failJob,
        Optional<Instant> lastFailure) {

    static Tally of(Job job, List<Pod> pods, Set<String> stopped) {
        var rules = PodFailureRules.of(job);
        int counted = 0;
        Optional<String> failJob = Optional.empty();
        List<Pod> failures = new ArrayList<>();
        for (Pod pod : pods) {
            if (!Pods.failed(pod) || stopped.contains(Pods.uid(pod))) {
                continue;
            }
            failures.add(pod);
            var verdict = rules.judge(pod);
            if (verdict.action() != PodFailureRules.Action.IGNORE) {
                counted++;
            }
            if (verdict.action() == PodFailureRules.Action.FAIL_JOB && failJob.isEmpty()) {
                failJob = Optional.of(verdict.message());
            }
        }
        return new Tally(
                pods.stream().filter(Pods::active).toList(),
                (int) pods.stream().filter(Pods::terminating).count(),
                (int) pods.stream().filter(Pods::succeeded).count(),
                failures.size(),
                counted,
                failJob,
                failures.stream().flatMap(pod -> Pods.finishedAt(pod).stream()).max(Comparator.naturalOrder()));
    }
}
