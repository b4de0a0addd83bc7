package dev.socratic.operator.observe;

/** Why a container does not run, in the kubelet's words: reason and message (may be null). */
public record Waiting(String reason, String message) {}
