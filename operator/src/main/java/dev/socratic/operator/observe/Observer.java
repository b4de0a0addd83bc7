package dev.socratic.operator.observe;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.progress.PolledReport;
import dev.socratic.operator.run.Run;
import io.fabric8.kubernetes.api.model.OwnerReference;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Turns what the informers and the poll hold into an {@link Observation}. */
public final class Observer {
    private final References references;
    private final Duration patience;

    /** @param patience how long a run may take to start before its references are looked up */
    public Observer(References references, Duration patience) {
        this.references = references;
        this.patience = patience;
    }

    public Observation observe(
            SocraticFineTune resource,
            Collection<Job> jobs,
            Collection<Pod> pods,
            Collection<PolledReport> polls,
            Instant now) {
        Run run = Run.of(resource);
        String owner = resource.getMetadata().getUid();
        Predicate<Job> current = job -> job.getMetadata().getName().equals(run.jobName()) && ownedBy(job, owner);
        Optional<JobFacts> job = jobs.stream().filter(current).findFirst().map(JobFacts::of);
        List<JobFacts> staleJobs = jobs.stream()
                .filter(current.negate())
                .map(JobFacts::of)
                .sorted(Comparator.comparing(JobFacts::name))
                .toList();
        Predicate<PodFacts> belongs = candidate -> job.isPresent()
                && (candidate.jobUid() == null
                        || candidate.jobUid().equals(job.get().uid()));
        List<PodFacts> allPods =
                pods.stream().map(PodFacts::of).sorted(PodFacts.NEWEST_LAST).toList();
        Optional<PodFacts> pod = allPods.stream().filter(belongs).reduce((older, newer) -> newer);
        List<String> stalePods = allPods.stream()
                .filter(belongs.negate())
                .filter(candidate -> candidate.life() != PodFacts.Life.OVER)
                .map(PodFacts::name)
                .toList();
        return new Observation(
                run,
                job,
                staleJobs,
                pod,
                stalePods,
                pod.flatMap(newest -> polls.stream()
                        .filter(poll -> poll.pod().equals(newest.name()))
                        .findFirst()
                        .map(PolledReport::report)),
                job.filter(facts -> overdue(facts, pod, now)).isPresent() ? references.missing(run) : List.of(),
                now);
    }

    private boolean overdue(JobFacts job, Optional<PodFacts> pod, Instant now) {
        boolean started = pod.filter(PodFacts::started).isPresent();
        return !started
                && job.end() == JobFacts.End.NONE
                && job.suspension() == JobFacts.Suspension.RELEASED
                && job.existence() == JobFacts.Existence.PRESENT
                && job.createdAt() != null
                && !now.isBefore(job.createdAt().plus(patience));
    }

    private static boolean ownedBy(Job job, String uid) {
        return job.getMetadata().getOwnerReferences().stream()
                .map(OwnerReference::getUid)
                .anyMatch(owner -> owner.equals(uid));
    }
}
