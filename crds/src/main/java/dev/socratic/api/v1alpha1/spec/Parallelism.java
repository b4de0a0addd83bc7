package dev.socratic.api.v1alpha1.spec;

import com.fasterxml.jackson.annotation.JsonProperty;

/** How several GPUs share a run. */
public enum Parallelism {
    /** Each GPU holds some of the layers; micro-batches pass through them as through a pipeline. */
    @JsonProperty("layers")
    LAYERS,
    /** Each GPU holds the whole model and takes some of the micro-batches. */
    @JsonProperty("data")
    DATA
}
