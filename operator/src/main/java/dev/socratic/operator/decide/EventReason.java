package dev.socratic.operator.decide;

import java.util.Locale;

/** Why an event is recorded. The name in CamelCase is the event's reason. */
public enum EventReason {
    QUEUED(Type.NORMAL, "the Job waits in its Kueue queue"),
    ADMITTED(Type.NORMAL, "Kueue let the Job start"),
    STARTED(Type.NORMAL, "the trainer runs"),
    CHECKPOINTED(Type.NORMAL, "a checkpoint was written"),
    RETRYING(Type.WARNING, "an attempt ended without success and the Job tries again"),
    BLOCKED(Type.WARNING, "the run cannot start or go on until something is mended"),
    PREEMPTED(Type.WARNING, "Kueue stopped the Job and will let it start again"),
    SUSPENDED(Type.NORMAL, "spec.suspend stopped the run"),
    RESUMED(Type.NORMAL, "spec.suspend was taken back"),
    SUPERSEDED(Type.NORMAL, "the spec asks for another training than the one that ran"),
    SUCCEEDED(Type.NORMAL, "the adapter is written"),
    FAILED(Type.WARNING, "the run ended without an adapter");

    /** Kubernetes' two types of events. */
    public enum Type {
        NORMAL("Normal"),
        WARNING("Warning");

        private final String text;

        Type(String text) {
            this.text = text;
        }

        public String text() {
            return text;
        }
    }

    private final Type type;
    private final String meaning;

    EventReason(Type type, String meaning) {
        this.type = type;
        this.meaning = meaning;
    }

    public Type type() {
        return type;
    }

    public String meaning() {
        return meaning;
    }

    /** As Kubernetes writes it, such as {@code Started}. */
    public String text() {
        return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT);
    }
}
