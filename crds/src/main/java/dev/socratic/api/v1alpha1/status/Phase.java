package dev.socratic.api.v1alpha1.status;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where a fine-tuning run stands. */
public enum Phase {
    @JsonProperty("Pending")
    PENDING,
    @JsonProperty("Queued")
    QUEUED,
    @JsonProperty("Running")
    RUNNING,
    @JsonProperty("Succeeded")
    SUCCEEDED,
    @JsonProperty("Failed")
    FAILED,
    @JsonProperty("Suspended")
    SUSPENDED
}
