package dev.socratic.trainer.storage;

import dev.socratic.trainer.failure.FailureReason;

/** What an input is for: decides which files of a repository are needed and which field an error names. */
public enum InputKind {
    /** A folder with config.json, safetensors and tokenizer. */
    MODEL("spec.model.uri", FailureReason.ModelNotFound),
    /** Of a model's folder only what text becomes tokens by: no weights. */
    TOKENIZER("spec.model.uri", FailureReason.ModelNotFound),
    /** One file of JSON lines. */
    DATASET("spec.dataset.uri", FailureReason.DatasetNotFound),
    /** One file of JSON lines, for the evaluation loss. */
    EVALUATION_DATASET("spec.dataset.evalUri", FailureReason.DatasetNotFound),
    /** A folder with adapter_config.json and adapter_model.safetensors. */
    ADAPTER("spec.lora.initialAdapterUri", FailureReason.InputNotFound);

    private final String field;
    private final FailureReason missing;

    InputKind(String field, FailureReason missing) {
        this.field = field;
        this.missing = missing;
    }

    /** Path of the field in the resource, for messages. */
    public String field() {
        return field;
    }

    /** Reason of the failure when it is not there. */
    public FailureReason missing() {
        return missing;
    }

    boolean isSingleFile() {
        return this == DATASET || this == EVALUATION_DATASET;
    }
}
