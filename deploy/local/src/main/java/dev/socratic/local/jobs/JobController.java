package dev.socratic.local.jobs;

import io.fabric8.kubernetes.api.model.OwnerReferenceBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Turns Jobs into pods, and the ends of pods into the status of Jobs. */
public final class JobController {
    private static final int CONFLICT = 409;
    private static final int NOT_FOUND = 404;
    private static final List<String> JOB_NAME_LABELS = List.of("batch.kubernetes.io/job-name", "job-name");
    private static final List<String> UID_LABELS = List.of("batch.kubernetes.io/controller-uid", "controller-uid");

    private final KubernetesClient client;
    private final Clock clock;
    private final JobRules rules;
    private final Map<String, History> histories = new HashMap<>();

    public JobController(KubernetesClient client, Clock clock, Duration firstBackoff) {
        this.client = client;
        this.clock = clock;
        this.rules = new JobRules(firstBackoff);
    }

    /**
     * Looks at all Jobs once.
     *
     * @return when to look again at the latest, if not only on a change
     */
    public Optional<Duration> sync(List<Job> jobs, List<Pod> pods) {
        Optional<Duration> again = Optional.empty();
        histories
                .keySet()
                .retainAll(jobs.stream().map(job -> job.getMetadata().getUid()).toList());
        for (Job job : jobs) {
            var history = histories.computeIfAbsent(job.getMetadata().getUid(), uid -> new History());
            history.observe(owned(job, pods));
            if (job.getMetadata().getDeletionTimestamp() != null) {
                continue;
            }
            var step = rules.decide(job, history.pods(), history.stopped, clock.instant());
            apply(job, step, history);
            again = earlier(again, step.again());
        }
        return again;
    }

    static Optional<Duration> earlier(Optional<Duration> a, Optional<Duration> b) {
        if (a.isEmpty() || b.isEmpty()) {
            return a.or(() -> b);
        }
        return a.get().compareTo(b.get()) <= 0 ? a : b;
    }

    private void apply(Job job, JobStep step, History history) {
        for (Pod pod : step.stop()) {
            history.stopped.add(Pods.uid(pod));
            client.pods().resource(pod).delete();
        }
        for (int i = 0; i < step.create(); i++) {
            Pod created = client.pods().resource(pod(job)).create();
            history.observe(List.of(created), History.Listing.PARTIAL);
        }
        if (!Objects.equals(step.status(), job.getStatus())) {
            write(job, step);
        }
    }

    private void write(Job job, JobStep step) {
        try {
            client.batch()
                    .v1()
                    .jobs()
                    .resource(job.edit().withStatus(step.status()).build())
                    .updateStatus();
        } catch (KubernetesClientException e) {
            if (e.getCode() != CONFLICT && e.getCode() != NOT_FOUND) {
                throw e;
            }
            // the Job has changed since it was listed; that change brings the next look
        }
    }

    private static List<Pod> owned(Job job, List<Pod> pods) {
        String uid = job.getMetadata().getUid();
        return pods.stream()
                .filter(pod ->
                        pod.getMetadata().getOwnerReferences().stream().anyMatch(owner -> uid.equals(owner.getUid())))
                .toList();
    }

    private static Pod pod(Job job) {
        var template = job.getSpec().getTemplate();
        String suffix = UUID.randomUUID().toString().substring(0, 5);
        Map<String, String> labels = new HashMap<>();
        JOB_NAME_LABELS.forEach(label -> labels.put(label, job.getMetadata().getName()));
        UID_LABELS.forEach(label -> labels.put(label, job.getMetadata().getUid()));
        var metadata = template.getMetadata();
        if (metadata != null && metadata.getLabels() != null) {
            labels.putAll(metadata.getLabels());
        }
        return new PodBuilder()
                .withNewMetadata()
                .withName(job.getMetadata().getName() + "-" + suffix)
                .withNamespace(job.getMetadata().getNamespace())
                .withLabels(labels)
                .withAnnotations(metadata == null ? null : metadata.getAnnotations())
                .withOwnerReferences(new OwnerReferenceBuilder()
                        .withApiVersion("batch/v1")
                        .withKind("Job")
                        .withName(job.getMetadata().getName())
                        .withUid(job.getMetadata().getUid())
                        .withController(true)
                        .withBlockOwnerDeletion(true)
                        .build())
                .endMetadata()
                .withSpec(template.getSpec())
                .withNewStatus()
                .withPhase("Pending")
                .endStatus()
                .build();
    }

    /** Every pod that a Job had. One that is gone without an end has failed. */
    private static final class History {
        enum Listing {
            COMPLETE,
            PARTIAL
        }

        private final Map<String, Pod> known = new LinkedHashMap<>();
        private final Set<String> stopped = new HashSet<>();

        void observe(List<Pod> listed) {
            observe(listed, Listing.COMPLETE);
        }

        void observe(List<Pod> listed, Listing listing) {
            Set<String> here = new HashSet<>();
            for (Pod pod : listed) {
                here.add(Pods.uid(pod));
                known.put(Pods.uid(pod), pod);
            }
            if (listing == Listing.COMPLETE) {
                known.replaceAll((uid, pod) -> here.contains(uid) || !Pods.active(pod) ? pod : lost(pod));
            }
        }

        List<Pod> pods() {
            return new ArrayList<>(known.values());
        }

        private static Pod lost(Pod pod) {
            return pod.edit().editOrNewStatus().withPhase("Failed").endStatus().build();
        }
    }
}
