package dev.socratic.operator.progress;

/** Where a trainer serves its progress. {@code host} is the pod's IP. */
public record ProgressEndpoint(String pod, String host) {}
