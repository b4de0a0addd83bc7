package dev.socratic.operator.settings;

import io.fabric8.kubernetes.api.model.Quantity;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What an administrator sets, once, for every resource. {@link Setting} names the environment variables and explains
 * each value.
 *
 * @param namespaces namespaces to watch; empty: all
 * @param cudaImage trainer image for runs with GPUs
 * @param cpuImage trainer image for runs with {@code placement.gpus: 0}
 * @param checkpointsSize size of the claim that each run's checkpoints get; empty: no claim, they go to the output
 * @param checkpointsStorageClass storage class of that claim; empty: the cluster's default
 * @param cpuRequest CPU that a run's pod requests
 * @param memoryRequest memory that a run's pod requests, or {@code maxMemory.cpu} where that is less
 * @param memoryOverhead memory that the pod may use beyond {@code maxMemory.cpu}, for the Java runtime itself
 * @param terminationGracePeriod time that a stopped trainer has for a checkpoint
 * @param progressPort port of the trainer's {@code GET /progress}
 * @param progressPollInterval time between two polls of a run
 * @param progressTimeout longest wait for an answer to a poll
 * @param progressWriteInterval shortest time between two status writes that only move progress
 * @param pendingCheckInterval time after which a run that does not start is looked into, and again
 * @param allowed what resources may set of their placement
 * @param reconcileThreads reconciliations at a time
 * @param httpPort port of health, readiness and metrics
 * @param logFormat json or text; the logging configuration reads the variable itself
 * @param leaderElectionLease lease that the replicas compete for; empty: no leader election
 * @param leaderElectionNamespace namespace of the lease; empty: the operator's own
 */
public record OperatorSettings(
        Set<String> namespaces,
        String cudaImage,
        String cpuImage,
        Optional<Quantity> checkpointsSize,
        Optional<String> checkpointsStorageClass,
        Quantity cpuRequest,
        Quantity memoryRequest,
        Quantity memoryOverhead,
        Duration terminationGracePeriod,
        int progressPort,
        Duration progressPollInterval,
        Duration progressTimeout,
        Duration progressWriteInterval,
        Duration pendingCheckInterval,
        Allowed allowed,
        int reconcileThreads,
        int httpPort,
        String logFormat,
        Optional<String> leaderElectionLease,
        Optional<String> leaderElectionNamespace) {

    private static final List<String> LOG_FORMATS = List.of("json", "text");

    /** Every setting at its default. */
    public static OperatorSettings defaults() {
        return from(Map.of());
    }

    /**
     * Settings from environment variables, such as {@code System.getenv()}; other variables are ignored.
     *
     * @throws InvalidSetting if a value cannot be read
     */
    public static OperatorSettings from(Map<String, String> environment) {
        SettingValues values = new SettingValues(environment);
        return new OperatorSettings(
                Set.copyOf(values.list(Setting.NAMESPACES)),
                values.text(Setting.TRAINER_IMAGE_CUDA),
                values.text(Setting.TRAINER_IMAGE_CPU),
                Optional.of(values.quantity(Setting.CHECKPOINTS_SIZE)).filter(OperatorSettings::isPositive),
                values.optional(Setting.CHECKPOINTS_STORAGE_CLASS),
                values.quantity(Setting.TRAINER_CPU_REQUEST),
                values.quantity(Setting.TRAINER_MEMORY_REQUEST),
                values.quantity(Setting.TRAINER_MEMORY_OVERHEAD),
                values.duration(Setting.TERMINATION_GRACE_PERIOD),
                values.port(Setting.PROGRESS_PORT),
                values.duration(Setting.PROGRESS_POLL_INTERVAL),
                values.duration(Setting.PROGRESS_TIMEOUT),
                values.duration(Setting.PROGRESS_WRITE_INTERVAL),
                values.duration(Setting.PENDING_CHECK_INTERVAL),
                new Allowed(
                        values.list(Setting.ALLOWED_IMAGES),
                        values.list(Setting.ALLOWED_NODE_LABELS),
                        values.list(Setting.ALLOWED_TOLERATIONS),
                        values.list(Setting.ALLOWED_RUNTIME_CLASSES),
                        values.list(Setting.ALLOWED_PRIORITY_CLASSES)),
                values.count(Setting.RECONCILE_THREADS),
                values.port(Setting.HTTP_PORT),
                values.choice(Setting.LOG_FORMAT, LOG_FORMATS),
                values.optional(Setting.LEADER_ELECTION_LEASE),
                values.optional(Setting.LEADER_ELECTION_NAMESPACE));
    }

    /** The defaults with single settings changed, such as {@code with(Map.of(Setting.HTTP_PORT, "0"))}. */
    public static OperatorSettings with(Map<Setting, String> changed) {
        return from(changed.entrySet().stream()
                .collect(Collectors.toMap(entry -> entry.getKey().variable(), Map.Entry::getValue)));
    }

    private static boolean isPositive(Quantity quantity) {
        return Quantity.getAmountInBytes(quantity).signum() > 0;
    }
}
