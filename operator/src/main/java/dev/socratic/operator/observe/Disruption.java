package dev.socratic.operator.observe;

/** Why Kubernetes took a pod away, in its words, such as EvictionByEvictionAPI; the message may be null. */
public record Disruption(String reason, String message) {}
