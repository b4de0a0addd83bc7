package dev.socratic.operator.progress;

import io.javaoperatorsdk.operator.processing.event.ResourceID;

/** Where the trainer of {@code resource} serves its progress. {@code host} is the pod's IP. */
public record ProgressEndpoint(ResourceID resource, String pod, String host) {}
