package dev.socratic.operator.settings;

/** The operator's settings as environment variables: name, default, and what each is for. */
public enum Setting {
    NAMESPACES("", "Namespaces to watch, separated by commas; empty: all."),
    TRAINER_IMAGE_CUDA("socratic/trainer:0.1.0-cuda12.8", "Trainer image for runs with GPUs."),
    TRAINER_IMAGE_CPU("socratic/trainer:0.1.0-cpu", "Trainer image for runs with placement.gpus: 0."),
    CHECKPOINTS_SIZE(
            "10Gi", "Size of the claim that each run's checkpoints get; 0: no claim, they go beside the adapter."),
    CHECKPOINTS_STORAGE_CLASS("", "Storage class of that claim; empty: the cluster's default."),
    TRAINER_CPU_REQUEST("1", "CPU that a run's pod requests."),
    TRAINER_MEMORY_REQUEST("4Gi", "Memory that a run's pod requests, or maxMemory.cpu where that is less."),
    TRAINER_MEMORY_OVERHEAD("2Gi", "Memory that a pod may use beyond maxMemory.cpu, for the Java runtime itself."),
    TERMINATION_GRACE_PERIOD("120s", "Time that a stopped trainer has for a checkpoint."),
    PROGRESS_PORT("9464", "Port of the trainer's GET /progress."),
    PROGRESS_POLL_INTERVAL("2s", "Time between two polls of the running trainers; each asks a hundred at most."),
    PROGRESS_TIMEOUT("1s", "Longest wait for an answer to a poll."),
    PROGRESS_WRITE_INTERVAL("10s", "Shortest time between two status writes that only move progress."),
    PENDING_CHECK_INTERVAL("4s", "Time after which a run that does not start is looked into, and again."),
    ALLOWED_IMAGES(
            Allowed.ANY,
            "Registries, repositories or images that placement.image may come from, separated by commas; *: any, empty: none."),
    ALLOWED_NODE_LABELS(
            Allowed.ANY, "Labels of nodes that placement.nodeSelector and affinity may name; *: any, empty: none."),
    ALLOWED_TOLERATIONS(Allowed.ANY, "Keys of taints that placement.tolerations may name; *: any, empty: none."),
    ALLOWED_RUNTIME_CLASSES(Allowed.ANY, "Values of placement.runtimeClassName; *: any, empty: none."),
    ALLOWED_PRIORITY_CLASSES(Allowed.ANY, "Values of placement.priorityClassName; *: any, empty: none."),
    RECONCILE_THREADS("8", "Reconciliations at a time."),
    HTTP_PORT("8080", "Port of /healthz, /readyz and /metrics; 0: any free one."),
    LOG_FORMAT("json", "Form of the log's lines: json, with namespace, name and runId as fields, or text."),
    LEADER_ELECTION_LEASE("", "Lease that the operator's replicas compete for; empty: no leader election."),
    LEADER_ELECTION_NAMESPACE("", "Namespace of that lease; empty: the operator's own.");

    private final String defaultValue;
    private final String purpose;

    Setting(String defaultValue, String purpose) {
        this.defaultValue = defaultValue;
        this.purpose = purpose;
    }

    /** Name of the environment variable. */
    public String variable() {
        return "SOCRATIC_" + name();
    }

    public String defaultValue() {
        return defaultValue;
    }

    public String purpose() {
        return purpose;
    }
}
