package dev.socratic.operator.progress;

/** The last answer of a trainer to a poll, and the pod that gave it. */
public record PolledReport(String pod, TrainerReport report) {}
