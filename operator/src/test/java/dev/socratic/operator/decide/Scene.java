package dev.socratic.operator.decide;

import dev.socratic.api.v1alpha1.SocraticFineTune;
import dev.socratic.api.v1alpha1.status.CheckpointStatus;
import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.api.v1alpha1.status.Progress;
import dev.socratic.api.v1alpha1.status.SocraticFineTuneStatus;
import dev.socratic.operator.Resources;
import dev.socratic.operator.observe.MissingReference;
import dev.socratic.operator.observe.Observation;
import dev.socratic.operator.observe.Observer;
import dev.socratic.operator.observe.QueueHold;
import dev.socratic.operator.observe.Rush;
import dev.socratic.operator.observe.Warning;
import dev.socratic.operator.progress.PolledReport;
import dev.socratic.operator.progress.TrainerReport;
import dev.socratic.operator.run.Run;
import dev.socratic.operator.run.RunId;
import dev.socratic.operator.run.RunLabels;
import dev.socratic.operator.settings.Allowed;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** A cluster as a test tells it: a resource, its last status, Jobs, pods and a trainer's answer. */
final class Scene {
    static final Instant NOW = Instant.parse("2026-01-01T01:00:00Z");
    private static final Pace PACE = new Pace(Duration.ofSeconds(10), Duration.ofSeconds(4));
    private static final String UID = "uid-1";
    private static final String CREATED = "2026-01-01T00:00:00Z";

    private SocraticFineTune resource = Resources.onTheCpu();
    private final List<Job> jobs = new ArrayList<>();
    private final List<Pod> pods = new ArrayList<>();
    private final List<PolledReport> polls = new ArrayList<>();
    private final List<MissingReference> missing = new ArrayList<>();
    private Optional<QueueHold> queueHold = Optional.empty();
    private Optional<Warning> warning = Optional.empty();
    private Allowed allowed = Allowed.everything();
    private final Rush rush = new Rush();
    private Instant now = NOW;

    private Scene() {
        resource.getMetadata().setUid(UID);
        resource.getMetadata().setGeneration(1L);
    }

    /** A resource that nobody has looked at yet. */
    static Scene of() {
        return new Scene();
    }

    /** A resource with this status, and the Job of its run. */
    static Scene was(Phase phase, String reason) {
        return new Scene().status(phase, reason).job("");
    }

    Scene edit(String before, String after) {
        String yaml = Serialization.asYaml(resource);
        if (!yaml.contains(before)) {
            throw new IllegalArgumentException(before + " is not in\n" + yaml);
        }
        SocraticFineTuneStatus status = resource.getStatus();
        resource = Serialization.unmarshal(yaml.replace(before, after), SocraticFineTune.class);
        resource.setStatus(status);
        resource.getMetadata().setGeneration(resource.getMetadata().getGeneration() + 1);
        return this;
    }

    Scene suspend() {
        return edit("suspend: false", "suspend: true");
    }

    /** In the queue gpus of Kueue's, and so is the Job that is there or comes. */
    Scene inQueue() {
        resource.getMetadata().setLabels(Map.of(RunLabels.KUEUE_QUEUE, "gpus"));
        jobs.replaceAll(job -> new JobBuilder(job)
                .editMetadata()
                .addToLabels(RunLabels.ofKueue(resource))
                .addToAnnotations(RunLabels.POD_HASH, RunId.podHash(resource))
                .endMetadata()
                .build());
        return this;
    }

    /** People take the queue's label away from the resource. */
    Scene outOfQueue() {
        resource.getMetadata().setLabels(Map.of());
        return this;
    }

    Scene restarted() {
        resource.getMetadata().setAnnotations(Map.of(RunLabels.RESTART, "once more"));
        return this;
    }

    Scene status(Phase phase, String reason) {
        Run run = Run.of(resource);
        Long generation = resource.getMetadata().getGeneration();
        Verdict verdict = new Verdict(phase, Verdict.Health.IN_PROGRESS, reason, "as before", Optional.empty());
        boolean ran = phase != Phase.PENDING && phase != Phase.QUEUED;
        resource.setStatus(new SocraticFineTuneStatus(
                phase,
                "as before",
                Conditions.of(verdict, List.of(), generation, Instant.parse(CREATED)),
                generation,
                run.id().toString(),
                run.jobName(),
                ran ? "node-1" : null,
                ran ? CREATED : null,
                phase == Phase.SUCCEEDED || phase == Phase.FAILED ? "2026-01-01T00:30:00Z" : null,
                ran ? 1 : null,
                "models/gemma",
                null,
                null,
                ran ? progress(1, "2026-01-01T00:59:55Z") : null,
                List.of(),
                null,
                null,
                null));
        return this;
    }

    Scene checkpointKnown(int step) {
        SocraticFineTuneStatus s = resource.getStatus();
        resource.setStatus(new SocraticFineTuneStatus(
                s.phase(),
                s.message(),
                s.conditions(),
                s.observedGeneration(),
                s.runId(),
                s.jobName(),
                s.nodeName(),
                s.startTime(),
                s.completionTime(),
                s.attempts(),
                s.modelName(),
                s.modelRevision(),
                s.parameters(),
                s.progress(),
                s.devices(),
                new CheckpointStatus(step, "checkpoints/" + step),
                s.adapter(),
                s.report()));
        return this;
    }

    /** The Job of the run, with these conditions such as {@code Failed=BackoffLimitExceeded}. */
    Scene job(String condition) {
        Run run = Run.of(resource);
        jobs.clear();
        jobs.add(aJob(run.jobName(), UID, "job-1", condition));
        return this;
    }

    Scene noJob() {
        jobs.clear();
        return this;
    }

    Scene jobSuspended() {
        jobs.replaceAll(job ->
                new JobBuilder(job).editSpec().withSuspend(true).endSpec().build());
        return this;
    }

    Scene jobFailures(int failures) {
        jobs.replaceAll(job -> new JobBuilder(job)
                .editOrNewStatus()
                .withFailed(failures)
                .endStatus()
                .build());
        return this;
    }

    /** The Job was told to go ten seconds ago. */
    Scene jobBeingDeleted() {
        jobs.replaceAll(job -> new JobBuilder(job)
                .editMetadata()
                .withDeletionTimestamp(now.minusSeconds(10).toString())
                .endMetadata()
                .build());
        return this;
    }

    Scene jobOfEarlierResource() {
        jobs.clear();
        jobs.add(aJob(Run.of(resource).jobName(), "uid-0", "job-0", ""));
        return this;
    }

    Scene jobOfEarlierRun() {
        jobs.add(aJob("socratic-ja-00000000", UID, "job-0", ""));
        return this;
    }

    private Job aJob(String name, String owner, String uid, String condition) {
        JobBuilder job = new JobBuilder()
                .withNewMetadata()
                .withName(name)
                .withUid(uid)
                .withCreationTimestamp(CREATED)
                .addToLabels(RunLabels.ofKueue(resource))
                .addToAnnotations(RunLabels.POD_HASH, RunId.podHash(resource))
                .addNewOwnerReference()
                .withUid(owner)
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .endSpec();
        if (condition.isEmpty()) {
            return job.build();
        }
        String[] typeAndReason = (condition + "=").split("=");
        return job.withNewStatus()
                .addNewCondition()
                .withType(typeAndReason[0])
                .withStatus("True")
                .withReason(typeAndReason.length > 1 ? typeAndReason[1] : null)
                .withMessage("the Job says so")
                .withLastTransitionTime("2026-01-01T00:40:00Z")
                .endCondition()
                .endStatus()
                .build();
    }

    Scene noPods() {
        pods.clear();
        return this;
    }

    Scene podPending() {
        return pod("Pending", null);
    }

    Scene podUnschedulable() {
        return podPending()
                .podCondition(
                        "PodScheduled",
                        "False",
                        "Unschedulable",
                        "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.");
    }

    Scene podWaits(String reason, String message) {
        return pod(
                "Pending",
                new ContainerStateBuilder().withNewWaiting(message, reason).build());
    }

    Scene podRuns() {
        return pod(
                "Running", new ContainerStateBuilder().withNewRunning(CREATED).build());
    }

    Scene podEnded(int exitCode, String reason, String message) {
        return pod(
                exitCode == 0 ? "Succeeded" : "Failed",
                new ContainerStateBuilder()
                        .withNewTerminated()
                        .withExitCode(exitCode)
                        .withReason(reason)
                        .withMessage(message)
                        .withStartedAt(CREATED)
                        .withFinishedAt("2026-01-01T00:50:00Z")
                        .endTerminated()
                        .build());
    }

    /** The pod was taken away before its container ran. */
    Scene podNeverRan() {
        return pod(
                "Failed",
                new ContainerStateBuilder()
                        .withNewTerminated()
                        .withExitCode(137)
                        .withReason("ContainerStatusUnknown")
                        .endTerminated()
                        .build());
    }

    /** The pod's node is not heard of any more. */
    Scene nodeSilent() {
        return podCondition("Ready", "False", null, null);
    }

    Scene podDisrupted(String reason, String message) {
        return podCondition("DisruptionTarget", "True", reason, message);
    }

    /** The pod has to be gone at this time. */
    Scene podEndsBy(String time) {
        pods.replaceAll(pod -> new PodBuilder(pod)
                .editMetadata()
                .withDeletionTimestamp(time)
                .endMetadata()
                .build());
        return this;
    }

    private Scene podCondition(String type, String status, String reason, String message) {
        pods.replaceAll(pod -> new PodBuilder(pod)
                .editStatus()
                .addNewCondition()
                .withType(type)
                .withStatus(status)
                .withReason(reason)
                .withMessage(message)
                .endCondition()
                .endStatus()
                .build());
        return this;
    }

    Scene podOfEarlierJob() {
        podRuns();
        pods.get(0).getMetadata().getOwnerReferences().get(0).setUid("job-0");
        return this;
    }

    private Scene pod(String phase, ContainerState state) {
        pods.clear();
        pods.add(new PodBuilder()
                .withNewMetadata()
                .withName("trainer-1")
                .withUid("pod-1")
                .withCreationTimestamp(CREATED)
                .addNewOwnerReference()
                .withKind("Job")
                .withUid("job-1")
                .endOwnerReference()
                .endMetadata()
                .withNewSpec()
                .withNodeName("node-1")
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .addNewContainerStatus()
                .withState(state)
                .endContainerStatus()
                .endStatus()
                .build());
        return this;
    }

    /** The Job is deleted, and its pod left: kubectl delete --cascade=orphan. */
    Scene podOrphaned() {
        jobs.clear();
        pods.replaceAll(pod -> new PodBuilder(pod)
                .editMetadata()
                .withOwnerReferences(List.of())
                .endMetadata()
                .build());
        return this;
    }

    Scene trainerSays(String json) {
        polls.clear();
        polls.add(new PolledReport("trainer-1", TrainerReport.parse(json).orElseThrow()));
        return this;
    }

    Scene missing(MissingReference.Kind kind, String name, String field, String key) {
        missing.add(new MissingReference(kind, name, field, key));
        return this;
    }

    /** Kubernetes records this warning about the Job, or about its pod if there is one. */
    Scene warned(String reason, String message) {
        warning = Optional.of(new Warning(reason, message));
        return this;
    }

    /** Kueue holds the Job back since {@link #CREATED}, for this cause. */
    Scene kueueHolds(QueueHold.Cause cause, String message) {
        queueHold = Optional.of(new QueueHold(cause, message, Instant.parse(CREATED)));
        return jobSuspended();
    }

    /** The Job controller has taken the Job up. */
    Scene jobTakenUp() {
        jobs.replaceAll(job -> new JobBuilder(job)
                .editOrNewStatus()
                .withStartTime(CREATED)
                .endStatus()
                .build());
        return this;
    }

    /** The administrator allows of each field of the placement only what is given here, such as image. */
    Scene allowing(String field, String... values) {
        List<String> list = List.of(values);
        List<String> none = List.of();
        allowed = new Allowed(
                field.equals("image") ? list : none,
                field.equals("nodeLabel") ? list : none,
                field.equals("toleration") ? list : none,
                field.equals("runtimeClassName") ? list : none,
                field.equals("priorityClassName") ? list : none);
        return this;
    }

    /** That many other Jobs were created just now. */
    Scene among(int jobs) {
        IntStream.range(0, jobs).forEach(job -> rush.step(now));
        return this;
    }

    Scene at(String time) {
        now = Instant.parse(time);
        return this;
    }

    Observation observe() {
        return new Observer(
                        run -> missing,
                        (namespace, uid) -> queueHold,
                        (namespace, uid, at) -> warning,
                        rush,
                        Duration.ofSeconds(4),
                        allowed)
                .observe(resource, jobs, pods, polls, now);
    }

    Decision decide() {
        return Decide.decide(observe(), PACE);
    }

    /** The status is the one that was decided. */
    Scene was(Decision decision) {
        resource.setStatus(decision.status());
        return this;
    }

    Decision refused(Refusal.Cause cause) {
        return Decide.refused(observe(), new Refusal(cause, "Job default/socratic-ja-1", "exceeded quota: jobs"), PACE);
    }

    /** Decides, and a second later decides again about the status that came out. */
    Decision decideAgain() {
        resource.setStatus(decide().status());
        now = now.plusSeconds(1);
        return decide();
    }

    /** The resource with the status that is decided, as the API server then has it. */
    SocraticFineTune decided() {
        return with(decide().status());
    }

    /** The resource with another status. */
    SocraticFineTune with(SocraticFineTuneStatus status) {
        resource.setStatus(status);
        return resource;
    }

    SocraticFineTune resource() {
        return resource;
    }

    SocraticFineTuneStatus status() {
        return resource.getStatus();
    }

    /** The phase that is decided, or null while none is. */
    static Phase phase(Decision decision) {
        return decision.status() == null ? null : decision.status().phase();
    }

    /** A decision in a line: phase, reason, whether kstatus sees it stalled, actions, events; "-" for no status. */
    static String line(Decision decision) {
        String actions = decision.actions().stream()
                .map(action -> action.getClass().getSimpleName())
                .collect(Collectors.joining("+"));
        String events =
                decision.events().stream().map(event -> event.reason().text()).collect(Collectors.joining("+"));
        return "%s [%s] [%s]".formatted(decision.status() == null ? "-" : verdict(decision), actions, events);
    }

    private static String verdict(Decision decision) {
        String stalled = decision.status().conditions().stream().anyMatch(Conditions::stalled) ? "!" : "";
        return "%s %s%s"
                .formatted(
                        decision.status().phase(),
                        Conditions.reason(decision.status().conditions()),
                        stalled);
    }

    private static Progress progress(int step, String time) {
        return new Progress(step, 3, null, 1.5, null, null, null, null, null, time, null);
    }
}
