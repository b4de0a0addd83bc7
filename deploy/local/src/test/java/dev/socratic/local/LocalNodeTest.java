package dev.socratic.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.socratic.local.controlplane.ControlPlanes;
import io.fabric8.kubernetes.api.model.ConfigMapBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobCondition;
import io.fabric8.kubernetes.api.model.batch.v1.JobSpec;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The local node's promises, held against both control planes. */
@ParameterizedClass
@EnumSource(
        value = ControlPlanes.Choice.class,
        names = {"MOCK", "REAL"})
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LocalNodeTest {
    private static final long SECONDS = 60;
    private static final String NAMESPACE = "default";
    private static final String POLICY = """
            podFailurePolicy:
              rules:
              - action: FailJob
                onExitCodes: {containerName: trainer, operator: In, values: [64, 65, 66, 77]}
              - action: Ignore
                onPodConditions: [{type: DisruptionTarget, status: "True"}]
            """;

    @Parameter
    ControlPlanes.Choice choice;

    @TempDir
    static Path temporary;

    private Path folder;
    private RunDirectory directory;
    private LocalCluster cluster;
    private KubernetesClient client;

    @BeforeParameterizedClassInvocation
    void start() throws Exception {
        folder = temporary.resolve(choice.name());
        assumeTrue(
                choice == ControlPlanes.Choice.MOCK || ControlPlanes.realIsInstalled(),
                "etcd and kube-apiserver are not on this machine");
        var program = Path.of(Objects.requireNonNull(getClass().getResource("/program/trainer.sh"))
                        .toURI())
                .toString();
        directory = RunDirectory.take(folder);
        var parts = new LocalCluster.Parts(
                choice,
                image -> image.startsWith("trainer") ? Optional.of(List.of("/bin/sh", program)) : Optional.empty(),
                Duration.ofMillis(50),
                none -> none);
        cluster = LocalCluster.start(directory, parts, line -> {});
        client = cluster.client();
    }

    @AfterParameterizedClassInvocation
    void stop() {
        if (cluster != null) {
            cluster.close();
            directory.close();
        }
    }

    @ParameterizedTest(name = "exit code {0}, backoffLimit {1}: {2} because of {3}")
    @CsvSource({
        "0,  3, Complete, CompletionsReached,   1, 0",
        "64, 3, Failed,   PodFailurePolicy,     0, 1",
        "77, 3, Failed,   PodFailurePolicy,     0, 1",
        "70, 0, Failed,   BackoffLimitExceeded, 0, 1",
        "75, 2, Failed,   BackoffLimitExceeded, 0, 3",
    })
    void exitCodeBecomesTheJobsEnd(int code, int limit, String type, String reason, int succeeded, int failed) {
        Job job = create("exit-" + code, "backoffLimit: " + limit + "\n" + POLICY, "end", "" + code, "left behind");

        Job ended = await(job, found -> condition(found, type).isPresent());

        assertThat(condition(ended, type).orElseThrow().getReason()).isEqualTo(reason);
        assertThat(Objects.requireNonNullElse(ended.getStatus().getSucceeded(), 0))
                .isEqualTo(succeeded);
        assertThat(Objects.requireNonNullElse(ended.getStatus().getFailed(), 0)).isEqualTo(failed);
        assertThat(pods(job)).hasSize(succeeded + failed).allSatisfy(pod -> {
            assertThat(pod.getStatus().getPhase()).isEqualTo(code == 0 ? "Succeeded" : "Failed");
            var terminated =
                    pod.getStatus().getContainerStatuses().get(0).getState().getTerminated();
            assertThat(terminated.getExitCode()).isEqualTo(code);
            assertThat(terminated.getMessage()).isEqualTo("left behind");
        });
    }

    @Test
    void mountsVariablesAndArgumentsReachTheProcess() throws IOException {
        claim("adapters");
        client.resource(new ConfigMapBuilder()
                        .withNewMetadata()
                        .withName("settings")
                        .withNamespace(NAMESPACE)
                        .endMetadata()
                        .addToData("finetune.yaml", "kind: SocraticFineTune")
                        .build())
                .create();
        secret("token", Map.of("HUGGINGFACE_TOKEN", "abc"));
        secret("bucket", Map.of("ACCESS_KEY", "def"));
        Job job = create("mounts", """
                volumes:
                - {name: a, persistentVolumeClaim: {claimName: adapters}}
                - {name: b, configMap: {name: settings}}
                mounts:
                - {name: a, mountPath: /mnt/pvc/adapters}
                - {name: b, mountPath: /etc/socratic}
                env:
                - {name: HUGGINGFACE_TOKEN, valueFrom: {secretKeyRef: {name: token, key: HUGGINGFACE_TOKEN}}}
                - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
                - {name: ROOT, value: /mnt/pvc}
                envFrom:
                - secretRef: {name: bucket}
                """, "write", "/mnt/pvc/adapters/seen", "/etc/socratic/finetune.yaml", "$(POD)");

        await(job, found -> condition(found, "Complete").isPresent());

        List<String> seen = Files.readAllLines(directory.claims().resolve("default/adapters/seen"));
        Path root = directory
                .pods()
                .resolve("default_" + pods(job).get(0).getMetadata().getName() + "/root");
        assertThat(seen)
                .contains(
                        "HUGGINGFACE_TOKEN=abc",
                        "ACCESS_KEY=def",
                        "ROOT=" + root + "/mnt/pvc",
                        "SOCRATIC_PVC_ROOT=" + root + "/mnt/pvc",
                        "argument " + root + "/etc/socratic/finetune.yaml",
                        "argument " + pods(job).get(0).getMetadata().getName());
        assertThat(root.resolve("etc/socratic/finetune.yaml")).hasContent("kind: SocraticFineTune");
        assertThat(seen).anyMatch(line -> line.matches("SOCRATIC_PROGRESS_ADDRESS=127\\.\\d+\\.\\d+\\.\\d+:9464"));
    }

    @Test
    void podWaitsForAMissingSecretAndStartsWhenItIsThere() {
        Job job = create("missing-secret", """
                env:
                - {name: T, valueFrom: {secretKeyRef: {name: later, key: HUGGINGFACE_TOKEN}}}
                """, "end", "0", "");

        Pod waiting =
                awaitPod(job, pod -> !pod.getStatus().getContainerStatuses().isEmpty());
        var state = waiting.getStatus().getContainerStatuses().get(0).getState().getWaiting();
        assertThat(state.getReason()).isEqualTo("CreateContainerConfigError");
        assertThat(state.getMessage()).isEqualTo("secret \"later\" not found");

        secret("later", Map.of("HUGGINGFACE_TOKEN", "abc"));
        await(job, found -> condition(found, "Complete").isPresent());
    }

    @Test
    void podWithoutItsClaimIsUnschedulableUntilTheClaimIsMade() {
        Job job = create("missing-claim", """
                volumes:
                - {name: a, persistentVolumeClaim: {claimName: late-claim}}
                mounts:
                - {name: a, mountPath: /mnt/pvc/late-claim}
                """, "end", "0", "");

        awaitPod(
                job,
                pod -> scheduled(pod)
                        .equals("0/1 nodes are available: persistentvolumeclaim \"late-claim\" not found."));

        claim("late-claim");
        await(job, found -> condition(found, "Complete").isPresent());
    }

    @Test
    void podThatNeedsGpusStaysPending() {
        Job job = create("gpus", "gpus: 2", "end", "0", "");

        awaitPod(job, pod -> scheduled(pod).equals("0/1 nodes are available: 1 Insufficient nvidia.com/gpu."));

        client.resource(job).delete();
    }

    @Test
    void suspensionEndsTheProcessAndResumptionStartsAnother() throws IOException {
        Path file = folder.resolve("suspended.pid");
        Job job = create("suspend", "terminationGracePeriodSeconds: 20", "hold", file.toString());
        ProcessHandle first = process(job, file);

        edit(job, found -> found.setSuspend(true));

        await(job, found -> condition(found, "Suspended").isPresent());
        awaitEnd(first);
        Files.delete(file);
        edit(job, found -> found.setSuspend(false));
        ProcessHandle second = process(job, file);
        assertThat(second.pid()).isNotEqualTo(first.pid());
        assertThat(client.resource(job).get().getStatus().getFailed()).isNull();

        client.resource(job).delete();
        awaitEnd(second);
    }

    @Test
    void deletingAJobEndsItsProcessEvenIfThatIsDeafToTheSignal() throws IOException {
        Path file = folder.resolve("deaf.pid");
        Job job = create("deaf", "terminationGracePeriodSeconds: 1", "ignore", file.toString());
        ProcessHandle process = process(job, file);

        client.resource(job).delete();

        awaitEnd(process);
        client.pods()
                .inNamespace(NAMESPACE)
                .withLabel("job-name", "deaf")
                .waitUntilCondition(Objects::isNull, SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void deadlineEndsTheJob() throws IOException {
        Path file = folder.resolve("late.pid");
        Job job = create("deadline", "activeDeadlineSeconds: 1", "hold", file.toString());

        Job ended = await(job, found -> condition(found, "Failed").isPresent());

        assertThat(condition(ended, "Failed").orElseThrow().getReason()).isEqualTo("DeadlineExceeded");
        assertThat(ended.getStatus().getActive()).isNull();
    }

    @Test
    void finishedJobGoesAfterItsTimeWithItsPodsAndItsClaimsButNotWithOthers() {
        claim("kept");
        Job job = create(
                "ttl",
                "ttlSecondsAfterFinished: 1",
                "hold",
                folder.resolve("ttl.pid").toString());
        var owned = client.resource(new PersistentVolumeClaimBuilder(claimOf("owned"))
                        .editMetadata()
                        .addNewOwnerReference()
                        .withApiVersion("batch/v1")
                        .withKind("Job")
                        .withName("ttl")
                        .withUid(job.getMetadata().getUid())
                        .endOwnerReference()
                        .endMetadata()
                        .build())
                .create();
        client.resource(owned)
                .waitUntilCondition(
                        found -> found.getStatus() != null
                                && "Bound".equals(found.getStatus().getPhase()),
                        SECONDS,
                        TimeUnit.SECONDS);
        assertThat(directory.volumes().resolve(owned.getMetadata().getUid())).isDirectory();

        edit(job, found -> found.setActiveDeadlineSeconds(1L));

        client.resource(job).waitUntilCondition(Objects::isNull, SECONDS, TimeUnit.SECONDS);
        client.resource(owned).waitUntilCondition(Objects::isNull, SECONDS, TimeUnit.SECONDS);
        assertThat(client.persistentVolumeClaims()
                        .inNamespace(NAMESPACE)
                        .withName("kept")
                        .get())
                .isNotNull();
        assertThat(directory.claims().resolve("default/kept")).isDirectory();
    }

    private Job create(String name, String settings, String... arguments) {
        Job job = JobTemplate.job(name, settings, List.of(arguments));
        return client.resource(job).create();
    }

    private void claim(String name) {
        client.resource(claimOf(name)).create();
    }

    private static io.fabric8.kubernetes.api.model.PersistentVolumeClaim claimOf(String name) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(NAMESPACE)
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadWriteOnce")
                .withNewResources()
                .addToRequests("storage", new Quantity("1Gi"))
                .endResources()
                .endSpec()
                .build();
    }

    private void secret(String name, Map<String, String> content) {
        client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withName(name)
                        .withNamespace(NAMESPACE)
                        .endMetadata()
                        .withStringData(content)
                        .build())
                .create();
    }

    private Job await(Job job, Predicate<Job> condition) {
        return client.resource(job)
                .waitUntilCondition(found -> found != null && condition.test(found), SECONDS, TimeUnit.SECONDS);
    }

    private Pod awaitPod(Job job, Predicate<Pod> condition) {
        return client.pods()
                .inNamespace(NAMESPACE)
                .withLabel("job-name", job.getMetadata().getName())
                .waitUntilCondition(
                        pod -> pod != null && pod.getStatus() != null && condition.test(pod),
                        SECONDS,
                        TimeUnit.SECONDS);
    }

    private ProcessHandle process(Job job, Path file) throws IOException {
        awaitPod(job, pod -> "Running".equals(pod.getStatus().getPhase()) && Files.exists(file));
        return ProcessHandle.of(Long.parseLong(Files.readString(file).strip())).orElseThrow();
    }

    private static void awaitEnd(ProcessHandle process) {
        process.onExit().orTimeout(SECONDS, TimeUnit.SECONDS).join();
    }

    private List<Pod> pods(Job job) {
        return client.pods()
                .inNamespace(NAMESPACE)
                .withLabel("job-name", job.getMetadata().getName())
                .list()
                .getItems();
    }

    private static String scheduled(Pod pod) {
        return pod.getStatus().getConditions().stream()
                .filter(c -> c.getType().equals("PodScheduled"))
                .map(c -> Objects.requireNonNullElse(c.getMessage(), ""))
                .findFirst()
                .orElse("");
    }

    private static Optional<JobCondition> condition(Job job, String type) {
        return Optional.ofNullable(job.getStatus()).stream()
                .flatMap(status -> status.getConditions().stream())
                .filter(c -> c.getType().equals(type) && c.getStatus().equals("True"))
                .findFirst();
    }

    private void edit(Job job, Consumer<JobSpec> change) {
        client.batch()
                .v1()
                .jobs()
                .inNamespace(NAMESPACE)
                .withName(job.getMetadata().getName())
                .edit(found -> {
                    change.accept(found.getSpec());
                    return found;
                });
    }
}
