package dev.socratic.operator.observe;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.operator.progress.PolledReport;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.settings.Allowed;
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

/**
 * Turns what the informers and the poll hold into an {@link Observation}. The cluster is asked for more only where
 * there is a sign that a run does not start: a healthy one costs no request.
 */
public final class Observer {
    private final References references;
    private final Queues queues;
    private final Warnings warnings;
    private final Rush rush;
    private final Duration patience;
    private final Allowed allowed;

    /**
     * @param rush during which nothing is asked
     * @param patience how long a pod may take to start, and Kueue to look at a Job, before the cluster is asked why it does not
     * @param allowed what the administrator lets resources set
     */
    public Observer(
            References references, Queues queues, Warnings warnings, Rush rush, Duration patience, Allowed allowed) {
        this.references = references;
        this.queues = queues;
        this.warnings = warnings;
        this.rush = rush;
        this.patience = patience;
        this.allowed = allowed;
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
        List<PodFacts> stalePods = allPods.stream()
                .filter(belongs.negate())
                .filter(candidate -> candidate.life() != PodFacts.Life.OVER)
                .toList();
        Instant rushEnd = rush.latestEnd(now);
        boolean overdue = !now.isBefore(rushEnd)
                && job.filter(Observer::shallRun).isPresent()
                && pod.filter(newest -> overdue(newest, now)).isPresent();
        List<MissingReference> missing = overdue ? references.missing(run) : List.of();
        return new Observation(
                run,
                allowed,
                job,
                staleJobs,
                pod,
                stalePods,
                pod.flatMap(newest -> polls.stream()
                        .filter(poll -> poll.pod().equals(newest.name()))
                        .findFirst()
                        .map(PolledReport::report)),
                missing,
                job.filter(JobFacts::waitsInQueue)
                        .filter(waiting -> overdue(waiting.createdAt(), now))
                        .flatMap(waiting -> queues.hold(run.namespace(), waiting.uid())),
                unexplained(job, pod, overdue && missing.isEmpty())
                        .flatMap(uid -> warnings.newest(run.namespace(), uid, now)),
                rushEnd,
                now);
    }

    /** The object whose events may tell why nothing starts. */
    private static Optional<String> unexplained(Optional<JobFacts> job, Optional<PodFacts> pod, boolean podOverdue) {
        return pod.isPresent()
                ? pod.filter(newest -> podOverdue && newest.node() != null).map(PodFacts::uid)
                : job.filter(Observer::shallRun).filter(JobFacts::makesNoPod).map(JobFacts::uid);
    }

    private static boolean shallRun(JobFacts job) {
        return job.end() == JobFacts.End.NONE && job.suspension() == JobFacts.Suspension.RELEASED && !job.isLeaving();
    }

    private boolean overdue(PodFacts pod, Instant now) {
        return !pod.started() && pod.life() == PodFacts.Life.ALIVE && overdue(pod.createdAt(), now);
    }

    private boolean overdue(Instant createdAt, Instant now) {
        return createdAt != null && !now.isBefore(createdAt.plus(patience));
    }

    private static boolean ownedBy(Job job, String uid) {
        return job.getMetadata().getOwnerReferences().stream()
                .map(OwnerReference::getUid)
                .anyMatch(owner -> owner.equals(uid));
    }
}
