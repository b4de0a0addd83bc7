package dev.socratic.operator.observe;

/** A warning that a part of Kubernetes recorded about an object, in its words, such as FailedCreate. */
public record Warning(String reason, String message) {}
