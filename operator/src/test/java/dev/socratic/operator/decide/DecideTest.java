package dev.socratic.operator.decide;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.socratic.api.v1alpha1.status.Phase;
import dev.socratic.operator.observe.MissingReference.Kind;
import dev.socratic.operator.observe.QueueHold;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each row: a fact, the scene, and "PHASE Reason(! if stalled) [actions] [events]". */
class DecideTest {
    private static final String STEP_2 =
            "{\"phase\":\"Training\",\"message\":\"Training\",\"step\":2,\"totalSteps\":3,\"loss\":1.4}";

    @ParameterizedTest(name = "{0}")
    @MethodSource({"starts", "blocked", "limited", "runs", "interrupted", "ends", "heldBack", "replaced"})
    void decides(String fact, Scene scene, String expected) {
        assertThat(Scene.line(scene.decide())).isEqualTo(expected);
    }

    @ParameterizedTest(name = "decided twice, nothing changes and nothing is told again: {0}")
    @MethodSource({"starts", "blocked", "limited", "runs", "interrupted", "ends", "heldBack", "replaced"})
    void isStable(String fact, Scene scene, String expected) {
        Decision again = scene.decideAgain();
        assertThat(again.status()).isEqualTo(scene.status());
        assertThat(again.events()).isEmpty();
    }

    @ParameterizedTest(name = "the drawing has this step: {0}")
    @MethodSource({"starts", "blocked", "limited", "runs", "interrupted", "ends", "heldBack", "replaced"})
    void everyStepIsInTheTable(String fact, Scene scene, String expected) {
        Phase from = scene.observe().phase().orElse(null);
        Phase to = Scene.phase(scene.decide());
        assertThat(from == to || Transition.between(from, to).isPresent())
                .as("%s to %s", from, to)
                .isTrue();
    }

    static Stream<Arguments> starts() {
        return Stream.of(
                arguments("a new resource gets its Job, and no status of its own yet", Scene.of(), "- [CreateRun] []"),
                arguments(
                        "and once its pod runs, one status tells of both",
                        Scene.of().job("").podRuns(),
                        "RUNNING Running [] [Started]"),
                arguments(
                        "where many start at once, that they run is told when all had their turn",
                        Scene.of().job("").podRuns().among(32),
                        "- [] []"),
                arguments(
                        "but a few hold nothing up",
                        Scene.of().job("").podRuns().among(31),
                        "RUNNING Running [] [Started]"),
                arguments(
                        "nor do many hold up what stands in a run's way",
                        Scene.of().job("").podUnschedulable().among(32),
                        "PENDING Unschedulable [] [Blocked]"),
                arguments(
                        "or a run that was told of before",
                        Scene.was(Phase.PENDING, "Starting").podRuns().among(32),
                        "RUNNING Running [] [Started]"),
                arguments(
                        "a new resource that does not start at once is told of",
                        Scene.of().job("").podPending(),
                        "PENDING Starting [] []"),
                arguments(
                        "a Job that a crashed operator left is taken on",
                        Scene.of().job(""),
                        "PENDING Starting [] []"),
                arguments(
                        "a new resource in a queue waits for Kueue",
                        Scene.of().inQueue(),
                        "QUEUED Queued [CreateRun] [Queued]"),
                arguments(
                        "Kueue holds the Job",
                        Scene.was(Phase.QUEUED, "Queued").inQueue().jobSuspended(),
                        "QUEUED Queued [] []"),
                arguments(
                        "Kueue has no room for it, and says so",
                        Scene.was(Phase.QUEUED, "Queued")
                                .inQueue()
                                .kueueHolds(QueueHold.Cause.NO_ROOM, "insufficient unused quota"),
                        "QUEUED Queued [] []"),
                arguments(
                        "another queue replaces a Job that waits, even one that ran",
                        Scene.was(Phase.RUNNING, "Training")
                                .inQueue()
                                .kueueHolds(QueueHold.Cause.NO_ROOM, "Preempted")
                                .outOfQueue(),
                        "QUEUED Replacing [DeleteJob] [Preempted]"),
                arguments(
                        "Kueue lets the Job go",
                        Scene.was(Phase.QUEUED, "Queued").inQueue(),
                        "PENDING Starting [] [Admitted]"),
                arguments(
                        "a pod that starts is waited for",
                        Scene.was(Phase.PENDING, "Starting").podPending(),
                        "PENDING Starting [] []"),
                arguments(
                        "a claim of the run that somebody deleted comes back",
                        Scene.was(Phase.PENDING, "Unschedulable")
                                .podUnschedulable()
                                .missing(Kind.OWN, "x", null, null),
                        "PENDING Unschedulable [CreateRun] []"),
                arguments(
                        "a changed node selector replaces a pod that has not started",
                        Scene.was(Phase.PENDING, "Unschedulable")
                                .podUnschedulable()
                                .edit("gpus: 0", "gpus: 0\n    nodeSelector: {zone: b}"),
                        "PENDING Replacing [DeleteJob] []"));
    }

    static Stream<Arguments> blocked() {
        return Stream.of(
                arguments(
                        "no node fits",
                        Scene.was(Phase.PENDING, "Starting").podUnschedulable(),
                        "PENDING Unschedulable [] [Blocked]"),
                arguments(
                        "the image cannot be pulled",
                        Scene.was(Phase.PENDING, "Starting").podWaits("ErrImagePull", "not found"),
                        "PENDING ImagePullFailed! [] [Blocked]"),
                arguments(
                        "back-off of the same pull tells nothing new",
                        Scene.was(Phase.PENDING, "ImagePullFailed").podWaits("ImagePullBackOff", "Back-off"),
                        "PENDING ImagePullFailed! [] []"),
                arguments(
                        "a Secret is missing",
                        Scene.was(Phase.PENDING, "Starting")
                                .podWaits("CreateContainerConfigError", "secret \"huggingface\" not found"),
                        "PENDING SecretNotFound! [] [Blocked]"),
                arguments(
                        "a ConfigMap is missing",
                        Scene.was(Phase.PENDING, "Starting")
                                .podWaits("ContainerCreating", null)
                                .missing(Kind.CONFIG_MAP, "dialogues", "spec.dataset.uri", null),
                        "PENDING ConfigMapNotFound! [] [Blocked]"),
                arguments(
                        "a key of a ConfigMap is missing",
                        Scene.was(Phase.PENDING, "Starting")
                                .podWaits("ContainerCreating", null)
                                .missing(Kind.CONFIG_MAP, "dialogues", "spec.dataset.uri", "train.jsonl"),
                        "PENDING ConfigMapKeyNotFound! [] [Blocked]"),
                arguments(
                        "a claim is missing, which says more than the scheduler does",
                        Scene.was(Phase.PENDING, "Starting")
                                .podUnschedulable()
                                .missing(Kind.CLAIM, "adapters", "spec.output.uri", null),
                        "PENDING PersistentVolumeClaimNotFound! [] [Blocked]"),
                arguments(
                        "a claim without a volume",
                        Scene.was(Phase.PENDING, "Starting")
                                .podUnschedulable()
                                .missing(Kind.UNBOUND_CLAIM, "adapters", "spec.output.uri", null),
                        "PENDING Unschedulable [] [Blocked]"),
                arguments(
                        "the queue is not there",
                        Scene.was(Phase.QUEUED, "Queued")
                                .inQueue()
                                .kueueHolds(QueueHold.Cause.NO_QUEUE, "LocalQueue gpus doesn't exist"),
                        "QUEUED Inadmissible! [] [Blocked]"),
                arguments(
                        "there is no Kueue",
                        Scene.was(Phase.QUEUED, "Queued").inQueue().kueueHolds(QueueHold.Cause.NO_KUEUE, ""),
                        "QUEUED KueueNotFound! [] [Blocked]"),
                arguments(
                        "quota or admission lets the Job make no pod",
                        Scene.was(Phase.PENDING, "Starting").jobTakenUp().warned("FailedCreate", "exceeded quota"),
                        "PENDING FailedCreate! [] [Blocked]"),
                arguments(
                        "a Job that nobody has taken up yet is not asked about",
                        Scene.was(Phase.PENDING, "Starting").warned("FailedCreate", "exceeded quota"),
                        "PENDING Starting [] []"),
                arguments(
                        "a volume cannot be attached",
                        Scene.was(Phase.PENDING, "Starting")
                                .podWaits("ContainerCreating", null)
                                .warned("FailedAttachVolume", "Multi-Attach error"),
                        "PENDING FailedAttachVolume [] [Blocked]"),
                arguments(
                        "what was mended is cleared",
                        Scene.was(Phase.PENDING, "SecretNotFound").podPending(),
                        "PENDING Starting [] []"));
    }

    static Stream<Arguments> limited() {
        return Stream.of(
                arguments(
                        "what the administrator allows",
                        placed("image: registry.example/team/trainer:1").allowing("image", "registry.example/team"),
                        "PENDING Starting [] []"),
                arguments("nothing of it is asked for", Scene.of().allowing("image"), "- [CreateRun] []"),
                arguments(
                        "an image from elsewhere gets no Job",
                        placed("image: evil.example/trainer:1").noJob().allowing("image", "registry.example/team"),
                        "PENDING NotAllowed! [] [Blocked]"),
                arguments(
                        "a Job that has not started is taken away",
                        placed("image: evil.example/trainer:1").allowing("image"),
                        "PENDING NotAllowed! [DeleteJob] [Blocked]"),
                arguments(
                        "one that runs is left alone",
                        Scene.was(Phase.RUNNING, "Training")
                                .podRuns()
                                .edit("gpus: 0", "gpus: 0\n    priorityClassName: high")
                                .allowing("image"),
                        "RUNNING Training [] []"),
                arguments(
                        "but does not go on in another pod",
                        Scene.was(Phase.RUNNING, "Training")
                                .noJob()
                                .edit("gpus: 0", "gpus: 0\n    priorityClassName: high")
                                .allowing("image"),
                        "PENDING NotAllowed! [] [Retrying]"),
                arguments(
                        "corrected, it starts",
                        Scene.was(Phase.PENDING, "NotAllowed").noJob().allowing("image"),
                        "PENDING Starting [CreateRun] []"));
    }

    /** A run that waits, with a field of its placement set. */
    private static Scene placed(String field) {
        return Scene.of().edit("gpus: 0", "gpus: 0\n    " + field).job("");
    }

    @ParameterizedTest(name = "{0}, where {1} {2} is allowed: {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "image: registry.example/team/trainer:1 | image | registry.example/team | ",
                "image: registry.example/team/trainer:1 | image | registry.example/team/ | ",
                "image: registry.example/team/trainer:1 | image | registry.example | ",
                "image: registry.example/team/trainer:1 | image | registry.example/team/trainer | ",
                "image: registry.example/team-x/trainer | image | registry.example/team | registry.example/team-x/trainer",
                "image: registry.example.org/trainer | image | registry.example | registry.example.org/trainer",
                "image: registry.example:5000/trainer | image | registry.example | registry.example:5000/trainer",
                "image: any/where | image | * | ",
                "nodeSelector: {zone: a} | nodeLabel | zone | ",
                "nodeSelector: {zone: a} | nodeLabel | rack | \"zone\"",
                "'affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: rack, operator: Exists}]}]}}}' | nodeLabel | zone | placement.affinity asks for \"rack\"",
                "'affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [a]}]}]}}}' | nodeLabel | zone | \"metadata.name\"",
                "'affinity: {podAntiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: rack}}]}}' | nodeLabel | zone | \"rack\"",
                "tolerations: [{key: spot, operator: Exists}] | toleration | spot | ",
                "tolerations: [{key: spot, operator: Exists}] | nodeLabel | spot | placement.tolerations asks for \"spot\", but the operator's administrator allows none",
                "tolerations: [{operator: Exists}] | toleration | spot | \"every taint\"",
                "runtimeClassName: kata | runtimeClassName | nvidia | only nvidia",
                "priorityClassName: high | priorityClassName | low | \"high\"",
            })
    void limits(String field, String kind, String allowed, String said) {
        String message = placed(field).noJob().allowing(kind, allowed).decide().status() == null
                ? ""
                : placed(field)
                        .noJob()
                        .allowing(kind, allowed)
                        .decide()
                        .status()
                        .message();
        if (said == null) {
            assertThat(message).isEmpty();
        } else {
            assertThat(message).contains("spec.placement.", said);
        }
    }

    static Stream<Arguments> runs() {
        return Stream.of(
                arguments(
                        "the trainer runs",
                        Scene.was(Phase.PENDING, "Starting").podRuns(),
                        "RUNNING Running [] [Started]"),
                arguments(
                        "a restarted operator that has not polled yet changes nothing",
                        Scene.was(Phase.RUNNING, "Training").podRuns(),
                        "RUNNING Training [] []"),
                arguments(
                        "the trainer's phase is the reason",
                        Scene.was(Phase.RUNNING, "Running").podRuns().trainerSays("{\"phase\":\"Loading\"}"),
                        "RUNNING Loading [] []"),
                arguments(
                        "a checkpoint is told",
                        Scene.was(Phase.RUNNING, "Training")
                                .podRuns()
                                .at("2026-01-01T02:00:00Z")
                                .trainerSays(STEP_2.replace(
                                        "\"step\":2",
                                        "\"checkpoint\":{\"step\":2,\"uri\":\"checkpoints/2\"},\"step\":2")),
                        "RUNNING Training [] [Checkpointed]"),
                arguments(
                        "an attempt that may be tried again",
                        Scene.was(Phase.RUNNING, "Training").podEnded(75, "Error", "no network"),
                        "PENDING Retrying [] [Retrying]"),
                arguments(
                        "the next attempt starts",
                        Scene.was(Phase.PENDING, "Retrying").jobFailures(1).podPending(),
                        "PENDING Starting [] []"),
                arguments(
                        "Kueue takes the place back",
                        Scene.was(Phase.RUNNING, "Training")
                                .inQueue()
                                .jobSuspended()
                                .noPods(),
                        "QUEUED Queued [] [Preempted]"),
                arguments(
                        "a Job that was deleted in mid-run is made again",
                        Scene.was(Phase.RUNNING, "Training").noJob(),
                        "PENDING Starting [CreateRun] [Retrying]"),
                arguments(
                        "but not before its pod is gone",
                        Scene.was(Phase.RUNNING, "Training").noJob().podOfEarlierJob(),
                        "PENDING StoppingPreviousRun [] [Retrying]"));
    }

    static Stream<Arguments> interrupted() {
        return Stream.of(
                arguments(
                        "a drained node's trainer writes a checkpoint",
                        Scene.was(Phase.RUNNING, "Training")
                                .podRuns()
                                .podEndsBy("2026-01-01T01:01:00Z")
                                .podDisrupted("EvictionByEvictionAPI", "evicted"),
                        "RUNNING Stopping [] []"),
                arguments(
                        "an eviction is no attempt's failure",
                        Scene.was(Phase.RUNNING, "Stopping")
                                .podEnded(75, "Error", "preempted")
                                .podDisrupted("EvictionByEvictionAPI", "evicted"),
                        "PENDING Interrupted [] [Retrying]"),
                arguments(
                        "a node that does not answer may come back",
                        Scene.was(Phase.RUNNING, "Training").podRuns().nodeSilent(),
                        "RUNNING NodeUnreachable [] [Blocked]"),
                arguments(
                        "and when it does, the run is as before",
                        Scene.was(Phase.RUNNING, "NodeUnreachable").podRuns(),
                        "RUNNING Running [] []"),
                arguments(
                        "a pod given up on a silent node makes room for the next one",
                        Scene.was(Phase.RUNNING, "NodeUnreachable")
                                .podRuns()
                                .nodeSilent()
                                .podEndsBy("2026-01-01T01:01:00Z"),
                        "PENDING NodeLost [GiveUpPod] [Retrying]"),
                arguments(
                        "one that does not end in time on a node that answers holds it back",
                        Scene.was(Phase.RUNNING, "Stopping").podRuns().podEndsBy("2026-01-01T00:58:00Z"),
                        "PENDING PodStuck! [] [Retrying]"),
                arguments(
                        "so does a pod of the earlier run on a lost node",
                        Scene.was(Phase.RUNNING, "Training")
                                .podOfEarlierJob()
                                .nodeSilent()
                                .podEndsBy("2026-01-01T01:01:00Z")
                                .edit("r: 16", "r: 8"),
                        "PENDING NodeLost [DeleteRun+GiveUpPod] [Superseded+Blocked]"),
                arguments(
                        "and the run goes on",
                        Scene.was(Phase.PENDING, "NodeLost").podPending(),
                        "PENDING Starting [] []"));
    }

    static Stream<Arguments> ends() {
        return Stream.of(
                arguments(
                        "exit code 0 is success, whatever the Job says yet",
                        Scene.was(Phase.RUNNING, "Training").podEnded(0, "Completed", ""),
                        "SUCCEEDED Succeeded [] [Succeeded]"),
                arguments(
                        "a complete Job without a pod is success",
                        Scene.was(Phase.RUNNING, "Training").job("Complete"),
                        "SUCCEEDED Succeeded [] [Succeeded]"),
                arguments(
                        "the trainer's reason is the resource's",
                        Scene.was(Phase.RUNNING, "Loading")
                                .podEnded(
                                        66,
                                        "Error",
                                        "{\"phase\":\"Failed\",\"reason\":\"ModelNotFound\",\"message\":\"no such model\"}"),
                        "FAILED ModelNotFound! [] [Failed]"),
                arguments(
                        "bad configuration without last words",
                        Scene.was(Phase.RUNNING, "Loading").podEnded(64, "Error", "boom"),
                        "FAILED InvalidConfiguration! [] [Failed]"),
                arguments(
                        "bad data",
                        Scene.was(Phase.RUNNING, "Loading").podEnded(65, "Error", ""),
                        "FAILED InvalidData! [] [Failed]"),
                arguments(
                        "out of GPU memory",
                        Scene.was(Phase.RUNNING, "Loading").podEnded(77, "Error", ""),
                        "FAILED OutOfMemory! [] [Failed]"),
                arguments(
                        "the pod's memory limit ends the last attempt",
                        Scene.was(Phase.RUNNING, "Training")
                                .job("Failed=BackoffLimitExceeded")
                                .podEnded(137, "OOMKilled", ""),
                        "FAILED ContainerOutOfMemory! [] [Failed]"),
                arguments(
                        "the deadline says more than the signal",
                        Scene.was(Phase.RUNNING, "Training")
                                .job("Failed=DeadlineExceeded")
                                .podEnded(75, "Error", ""),
                        "FAILED DeadlineExceeded! [] [Failed]"),
                arguments(
                        "a pod that is lost leaves the Job's reason",
                        Scene.was(Phase.RUNNING, "Training").job("Failed=BackoffLimitExceeded"),
                        "FAILED BackoffLimitExceeded! [] [Failed]"),
                arguments(
                        "a finished run whose Job was deleted does not train again",
                        Scene.was(Phase.SUCCEEDED, "Succeeded").noJob(),
                        "SUCCEEDED Succeeded [] []"),
                arguments(
                        "nor does a failed one",
                        Scene.was(Phase.FAILED, "InvalidData").noJob(),
                        "FAILED InvalidData! [] []"),
                arguments(
                        "nor one whose time to live was edited",
                        Scene.was(Phase.SUCCEEDED, "Succeeded").edit("86400", "90000"),
                        "SUCCEEDED Succeeded [] []"),
                arguments(
                        "a finished Job goes after its time to live",
                        Scene.was(Phase.SUCCEEDED, "Succeeded").at("2026-01-02T00:30:00Z"),
                        "SUCCEEDED Succeeded [DeleteRun] []"),
                arguments(
                        "suspending a finished run does nothing",
                        Scene.was(Phase.SUCCEEDED, "Succeeded").suspend(),
                        "SUCCEEDED Succeeded [] []"));
    }

    static Stream<Arguments> heldBack() {
        return Stream.of(
                arguments(
                        "a suspended resource gets no Job", Scene.of().suspend(), "SUSPENDED Suspended [] [Suspended]"),
                arguments(
                        "a running one is stopped",
                        Scene.was(Phase.RUNNING, "Training").podRuns().suspend(),
                        "SUSPENDED Suspended [SuspendJob] [Suspended]"),
                arguments(
                        "Kueue owns suspend: its Job is taken away instead",
                        Scene.was(Phase.RUNNING, "Training").inQueue().podRuns().suspend(),
                        "SUSPENDED Suspended [DeleteJob] [Suspended]"),
                arguments(
                        "a suspended Job is left alone",
                        Scene.was(Phase.SUSPENDED, "Suspended").jobSuspended().suspend(),
                        "SUSPENDED Suspended [] []"),
                arguments(
                        "last words are told at once, for their pod goes",
                        Scene.of()
                                .suspend()
                                .status(Phase.SUSPENDED, "Suspended")
                                .job("")
                                .jobSuspended()
                                .podEnded(
                                        75,
                                        "Error",
                                        "{\"phase\":\"Failed\",\"step\":2,"
                                                + "\"checkpoint\":{\"step\":2,\"uri\":\"checkpoints/2\"}}"),
                        "SUSPENDED Suspended [] [Checkpointed]"),
                arguments(
                        "taken back with another node selector, another Job goes on",
                        Scene.was(Phase.SUSPENDED, "Suspended")
                                .jobSuspended()
                                .edit("gpus: 0", "gpus: 0\n    nodeSelector: {zone: b}"),
                        "PENDING Replacing [DeleteJob] [Resumed]"),
                arguments(
                        "taken back, the Job goes on",
                        Scene.was(Phase.SUSPENDED, "Suspended").jobSuspended(),
                        "PENDING Resuming [ResumeJob] [Resumed]"));
    }

    static Stream<Arguments> replaced() {
        return Stream.of(
                arguments(
                        "another learning rate is another run: the old one is stopped first",
                        Scene.was(Phase.RUNNING, "Training").podRuns().edit("r: 16", "r: 8"),
                        "PENDING StoppingPreviousRun [DeleteRun] [Superseded]"),
                arguments(
                        "another run of a finished resource",
                        Scene.was(Phase.SUCCEEDED, "Succeeded").noJob().edit("r: 16", "r: 8"),
                        "PENDING Starting [CreateRun] [Superseded]"),
                arguments(
                        "the restart annotation is another run of the same spec",
                        Scene.was(Phase.FAILED, "AccessDenied").noJob().restarted(),
                        "PENDING Starting [CreateRun] [Superseded]"),
                arguments(
                        "a running Job is not touched by a changed node selector",
                        Scene.was(Phase.RUNNING, "Training")
                                .podRuns()
                                .edit("gpus: 0", "gpus: 0\n    nodeSelector: {zone: b}"),
                        "RUNNING Training [] []"),
                arguments(
                        "but replaced where the pod that is to go on does not start",
                        Scene.was(Phase.RUNNING, "Training")
                                .podUnschedulable()
                                .edit("gpus: 0", "gpus: 0\n    nodeSelector: {zone: b}"),
                        "PENDING Replacing [DeleteJob] [Retrying]"),
                arguments(
                        "a Job that an earlier resource of the same name left is waited for",
                        Scene.of().jobOfEarlierResource().jobBeingDeleted(),
                        "PENDING StoppingPreviousRun [] []"),
                arguments(
                        "a pod that was left when its Job was deleted is ended",
                        Scene.was(Phase.RUNNING, "Training").podRuns().podOrphaned(),
                        "PENDING StoppingPreviousRun [EndPod] [Retrying]"),
                arguments(
                        "also where nothing shall run",
                        Scene.was(Phase.RUNNING, "Training")
                                .podRuns()
                                .podOrphaned()
                                .suspend(),
                        "SUSPENDED Suspended [EndPod] [Suspended]"),
                arguments(
                        "so is one that is replaced in its queue",
                        Scene.was(Phase.QUEUED, "Replacing")
                                .inQueue()
                                .jobSuspended()
                                .jobBeingDeleted(),
                        "QUEUED StoppingPreviousRun [] []"),
                arguments(
                        "and named when it does not go",
                        Scene.was(Phase.QUEUED, "Replacing")
                                .inQueue()
                                .jobSuspended()
                                .jobBeingDeleted()
                                .at("2026-01-01T01:05:00Z"),
                        "QUEUED JobStuck! [] [Blocked]"),
                arguments(
                        "a Job that was deleted fails for that alone",
                        Scene.was(Phase.RUNNING, "Training")
                                .job("Failed=BackoffLimitExceeded")
                                .jobBeingDeleted()
                                .podEnded(75, "Error", "preempted"),
                        "PENDING StoppingPreviousRun [] [Retrying]"),
                arguments(
                        "what is not allowed is said until it is mended",
                        Scene.was(Phase.PENDING, "NotAllowed")
                                .edit("gpus: 0", "gpus: 0\n    image: evil.example/trainer:1")
                                .job("")
                                .jobBeingDeleted()
                                .allowing("image"),
                        "PENDING NotAllowed! [] []"),
                arguments(
                        "a finished run deletes what an earlier one left",
                        Scene.was(Phase.SUCCEEDED, "Succeeded").jobOfEarlierRun(),
                        "SUCCEEDED Succeeded [DeleteRun] []"));
    }

    @ParameterizedTest(name = "the API server lets no Job be created: {0}")
    @CsvSource({
        "REFUSED, PENDING CreationRefused! [] [Blocked]",
        "TOO_LONG, PENDING SpecTooLong! [] [Blocked]",
        "NAME_TAKEN, PENDING NameTaken! [] [Blocked]",
        "LEFTOVER, PENDING StoppingPreviousRun [] []"
    })
    void refusals(Refusal.Cause cause, String expected) {
        Scene scene = Scene.of();
        Decision refused = scene.refused(cause);
        assertThat(Scene.line(refused)).isEqualTo(expected);
        assertThat(refused.status().jobName()).isNull();
        assertThat(Scene.line(scene.was(refused).refused(cause)))
                .as("told once")
                .endsWith("[] []");
        assertThat(Scene.line(scene.decide())).as("mended").isEqualTo("PENDING Starting [CreateRun] []");
    }

    @Test
    void looksAtWhatDoesNotStartAreEverMoreSeldom() {
        Scene scene = Scene.was(Phase.PENDING, "Starting").podUnschedulable();
        assertThat(scene.at("2026-01-01T00:00:02Z").decide().comeBack()).contains(Duration.ofSeconds(4));
        assertThat(scene.at("2026-01-01T00:00:20Z").decide().comeBack()).contains(Duration.ofSeconds(20));
        assertThat(scene.at("2026-01-01T09:00:00Z").decide().comeBack()).contains(Duration.ofMinutes(5));
    }

    @Test
    void theEndOfARushIsCalledOutAndOnlyAJobWithoutPodsIsLookedIntoBefore() {
        assertThat(Scene.of().job("").podRuns().among(32).decide().comeBack()).contains(Duration.ofMinutes(1));
        assertThat(Scene.of().job("").jobTakenUp().among(32).decide().comeBack())
                .contains(Duration.ofSeconds(4));
    }

    @Test
    void whatAnEarlierRunLeftIsSoonGoneHoweverLongTheResourceHasBeenOnItsWay() {
        Scene scene = Scene.was(Phase.RUNNING, "Training").noJob();
        assertThat(scene.refused(Refusal.Cause.LEFTOVER).comeBack()).contains(Duration.ofSeconds(4));
    }

    @Test
    void progressWaitsForItsInterval() {
        Scene scene = Scene.was(Phase.RUNNING, "Training").podRuns().trainerSays(STEP_2);
        Decision early = scene.decide();
        assertThat(early.status()).isSameAs(scene.status());
        assertThat(early.comeBack()).contains(Duration.ofSeconds(5));
        Decision later = scene.at("2026-01-01T01:00:05Z").decide();
        assertThat(later.status().progress().display().step()).isEqualTo("2/3");
    }

    @Test
    void podsThatOnlyTheStatusKnowsAreCountedAsAttempts() {
        Scene scene = Scene.was(Phase.RUNNING, "Training").podRuns();
        assertThat(scene.decide().status().attempts()).isEqualTo(1);
        scene.podEnded(75, "Error", "").podDisrupted("EvictionByEvictionAPI", "evicted");
        assertThat(scene.decideAgain().status().attempts()).isEqualTo(1);
        scene.podRuns();
        assertThat(scene.decideAgain().status().attempts()).isEqualTo(2);
    }

    @Test
    void podThatItsDeadlineEndsIsNoSecondAttempt() {
        Scene scene = Scene.was(Phase.RUNNING, "Training")
                .job("FailureTarget=DeadlineExceeded")
                .jobFailures(1)
                .podRuns()
                .podEndsBy("2026-01-01T01:01:00Z");
        assertThat(Scene.line(scene.decide())).isEqualTo("RUNNING Stopping [] []");
        assertThat(scene.decide().status().attempts()).isEqualTo(1);
    }

    @Test
    void podThatNeverRanIsNoAttempt() {
        Scene scene =
                Scene.was(Phase.PENDING, "ImagePullFailed").podNeverRan().podDisrupted("EvictionByEvictionAPI", "x");
        Decision decision = scene.decide();
        assertThat(Scene.line(decision)).isEqualTo("PENDING Interrupted [] []");
        assertThat(decision.status().attempts()).isNull();
    }

    @Test
    void lostNodeSaysWhereTheRunWillGoOn() {
        Decision decision = Scene.was(Phase.RUNNING, "Training")
                .checkpointKnown(2)
                .podRuns()
                .nodeSilent()
                .podEndsBy("2026-01-01T01:01:00Z")
                .decide();
        assertThat(decision.status().message()).contains("node-1", "checkpoint at step 2");
    }

    @Test
    void checkpointThatATrainerDidNotFindIsForgotten() {
        Scene scene = Scene.was(Phase.RUNNING, "Training").checkpointKnown(50).podRuns();
        scene.trainerSays("{\"phase\":\"Loading\"}");
        assertThat(scene.decide().status().checkpoint().step())
                .as("before it has looked")
                .isEqualTo(50);
        scene.trainerSays(STEP_2);
        assertThat(scene.at("2026-01-01T02:00:00Z").decide().status().checkpoint())
                .isNull();
    }

    @Test
    void killedTrainerSaysHowFarItWas() {
        Decision decision = Scene.was(Phase.RUNNING, "Training")
                .job("")
                .podEnded(137, "Error", STEP_2)
                .decide();
        assertThat(decision.status().message())
                .contains("killed before", "It was at step 2. ")
                .doesNotContain("{");
    }

    @Test
    void lastAttemptSaysHowManyThereWere() {
        Decision decision = Scene.was(Phase.RUNNING, "Training")
                .job("Failed=BackoffLimitExceeded")
                .podEnded(75, "Error", "no network")
                .decide();
        assertThat(decision.status().message())
                .contains("no network")
                .endsWith("This was the last of 4 attempts (spec.backoffLimit = 3).");
    }
}
